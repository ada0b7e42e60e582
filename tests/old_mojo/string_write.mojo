# Mojo 25.1 prints "x=1 y=2.5\n"

fn main():
    print(String.write("x=", 1, " y=", 2.5))
