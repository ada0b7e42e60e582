# Mojo 25.2 prints "hexxo\n"

fn main():
    print(String("hello").replace("l", "x"))
