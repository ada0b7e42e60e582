# Mojo 24.1 prints "55\n"

fn fib(n: Int) -> Int:
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)

fn main():
    let result = fib(10)
    print(result)
