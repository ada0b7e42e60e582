# Mojo 25.4 prints "ell lo\n"

fn main():
    var s = String("hello")
    print(s[1:4], s[3:])
