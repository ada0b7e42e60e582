from std.math import sqrt

comptime LIMIT = 10


def fibonacci(n: Int) -> Int:
    if n <= 1:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def _private(x: Float64) -> Float64:
    return sqrt(x)


def main() raises:
    for i in range(LIMIT):
        print(i, fibonacci(i))
    print(_private(2.0))
