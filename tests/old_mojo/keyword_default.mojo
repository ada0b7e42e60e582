# Mojo 24.1 prints "Hello, Ada\nBye, Ada\n"

fn greet(name: String, greeting: String = "Hello"):
    print(greeting + ", " + name)

fn main():
    greet("Ada")
    greet("Ada", greeting="Bye")
