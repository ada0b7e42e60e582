# Mojo 26.1 prints "m\n"

fn main():
    var s = String("mojo")
    print(s[0])
