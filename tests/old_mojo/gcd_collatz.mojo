# Mojo 24.1 prints "6 111\n"

fn gcd(owned a: Int, owned b: Int) -> Int:
    while b != 0:
        let t = a % b
        a = b
        b = t
    return a

fn collatz(owned n: Int) -> Int:
    var steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps

fn main():
    print(gcd(48, 18), collatz(27))
