# Mojo 26.1 prints "11\n"

fn inc(x: Int) -> Int:
    return x + 1

fn apply(f: fn(Int) -> Int, x: Int) -> Int:
    return f(x)

fn main():
    print(apply(inc, 10))
