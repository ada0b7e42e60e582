"""The first pattern: a process for each call, compiled each time.

For trying things out, where the source changes with every run and seeing it compile is the point.

>>> from compute_wrapper import fibonacci
>>> fibonacci(10)
55
"""

from pathlib import Path

import mojocell as mc

SOURCE = (Path(__file__).parent / "compute.mojo").read_text()


def compute(what: str, n: int, *, mode: str) -> str:
    """Run the program of compute.mojo and return what it prints."""
    return mc.run(SOURCE, mode=mode, args=[what, str(int(n))], name="compute").stdout.strip()


def fibonacci(n: int) -> int:
    """Return the n-th Fibonacci number."""
    return int(compute("fibonacci", n, mode="run"))


def sum_squares(n: int) -> int:
    """Return the sum of the first n squares."""
    return int(compute("sum_squares", n, mode="run"))


def is_prime(n: int) -> bool:
    """Tell whether n is a prime number."""
    return compute("is_prime", n, mode="run") == "True"
