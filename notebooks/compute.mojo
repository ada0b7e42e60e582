"""Three small computations, and a program that does one of them: ``compute fibonacci 10``."""

from std.sys import argv


def fibonacci(n: Int) -> Int:
    """Return the n-th Fibonacci number; the 0th is 0."""
    if n <= 1:
        return n
    var prev = 0
    var curr = 1
    for _ in range(2, n + 1):
        var next_val = prev + curr
        prev = curr
        curr = next_val
    return curr


def sum_squares(n: Int) -> Int:
    """Return 1² + 2² + … + n²."""
    var total = 0
    for i in range(1, n + 1):
        total += i * i
    return total


def is_prime(n: Int) -> Bool:
    """Tell whether n is a prime number."""
    if n < 2:
        return False
    if n % 2 == 0:
        return n == 2
    var i = 3
    while i * i <= n:
        if n % i == 0:
            return False
        i += 2
    return True


def main() raises:
    var arguments = argv()
    if len(arguments) != 3:
        raise Error("usage: compute fibonacci|sum_squares|is_prime N")
    var n = Int(String(arguments[2]))
    if arguments[1] == "fibonacci":
        print(fibonacci(n))
    elif arguments[1] == "sum_squares":
        print(sum_squares(n))
    elif arguments[1] == "is_prime":
        print(is_prime(n))
    else:
        raise Error("there is no computation " + String(arguments[1]))
