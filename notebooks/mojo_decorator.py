"""The third pattern: the program stands in the docstring, and the function is called as one of Python.

``{{n}}`` is passed at run time: the program is compiled once, whatever the number.

>>> from mojo_decorator import fibonacci
>>> fibonacci(10)
55
"""

from mojocell import mojo

__all__ = ["fibonacci", "is_prime", "mojo", "sum_squares"]


@mojo
def fibonacci(n: int) -> int:
    """
    def fibonacci(n: Int) -> Int:
        if n <= 1:
            return n
        var prev = 0
        var curr = 1
        for _ in range(2, n + 1):
            var next_val = prev + curr
            prev = curr
            curr = next_val
        return curr

    def main():
        print(fibonacci({{n}}))
    """


@mojo
def sum_squares(n: int) -> int:
    """
    def sum_squares(n: Int) -> Int:
        var total = 0
        for i in range(1, n + 1):
            total += i * i
        return total

    def main():
        print(sum_squares({{n}}))
    """


@mojo
def is_prime(n: int) -> bool:
    """
    def is_prime(n: Int) -> Bool:
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

    def main():
        print(is_prime({{n}}))
    """
