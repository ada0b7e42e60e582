# Mojo 24.1 prints "2.5 7\n"

fn scale(x: F64) -> F64:
    return x * 2.5

fn main():
    let n: SI64 = 7
    print(scale(1), n)
