# Mojo 24.3 prints "16\n"

fn square(x: Int) -> Int:
    return x * x

fn apply(f: fn (Int) -> Int, x: Int) -> Int:
    return f(x)

fn main():
    print(apply(square, 4))
