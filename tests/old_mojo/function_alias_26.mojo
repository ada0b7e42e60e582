# Mojo 25.6 prints "9\n"

alias Op = fn (Int, Int) -> Int

fn mul(a: Int, b: Int) -> Int:
    return a * b

fn run(op: Op) -> Int:
    return op(3, 3)

fn main():
    print(run(mul))
