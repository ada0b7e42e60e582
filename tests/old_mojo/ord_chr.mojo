# Mojo 25.3 prints "97 b\n"

fn main():
    print(ord("a"), chr(98))
