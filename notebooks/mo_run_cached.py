"""The second pattern: a process for each call, compiled once and taken from the cache from then on.

The number goes to the program as an argument, so that another one is not another compilation.

>>> from mo_run_cached import fibonacci_cached
>>> fibonacci_cached(10)
55
"""

from compute_wrapper import compute
from mojocell import clear_cache

__all__ = ["clear_cache", "fibonacci_cached", "is_prime_cached", "sum_squares_cached"]


def fibonacci_cached(n: int) -> int:
    """Return the n-th Fibonacci number."""
    return int(compute("fibonacci", n, mode="cached"))


def sum_squares_cached(n: int) -> int:
    """Return the sum of the first n squares."""
    return int(compute("sum_squares", n, mode="cached"))


def is_prime_cached(n: int) -> bool:
    """Tell whether n is a prime number."""
    return compute("is_prime", n, mode="cached") == "True"
