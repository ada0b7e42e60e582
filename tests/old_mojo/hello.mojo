# Mojo 24.1 prints "Hello, Mojo!\n"

fn main():
    print("Hello, Mojo!")
