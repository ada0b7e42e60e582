# Mojo 24.5 prints "7 12\n"

fn apply[f: fn (Int, Int) -> Int](a: Int, b: Int) -> Int:
    return f(a, b)

fn add(a: Int, b: Int) -> Int:
    return a + b

fn mul(a: Int, b: Int) -> Int:
    return a * b

fn main():
    print(apply[add](3, 4), apply[mul](3, 4))
