# Mojo 24.4 prints "6 1 7 16\n"

fn main():
    var a = 6
    print(a & 7, a >> 2, a | 1, 1 << 4)
