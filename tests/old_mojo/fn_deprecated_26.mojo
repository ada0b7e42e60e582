# Mojo 26.1 prints "25\n"

fn square(x: Int) -> Int:
    return x * x

fn main():
    print(square(5))
