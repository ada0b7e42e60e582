# Mojo 25.4 prints "102334155\n"

from collections import Dict

fn fib(n: Int, mut memo: Dict[Int, Int]) raises -> Int:
    if n < 2:
        return n
    if n in memo:
        return memo[n]
    var r = fib(n - 1, memo) + fib(n - 2, memo)
    memo[n] = r
    return r

fn main() raises:
    var memo = Dict[Int, Int]()
    print(fib(40, memo))
