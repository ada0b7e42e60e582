# Mojo 26.1 prints "3 1\n"

fn main():
    var a = 10
    print(a // 3, a % 3)
