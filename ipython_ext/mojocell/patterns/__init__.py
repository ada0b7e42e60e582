"""Programs worth copying: what Mojo is good for, each with the same in Python beside it.

A pattern is a package of three files: ``NAME.mojo``, the typed functions in Mojo, to be read, copied
and run in a ``%%mojo`` cell; ``twin.py``, functions of the same names with NumPy or Python alone; and
documented functions that take scalars and arrays, check them and call Mojo. They compile when the first
of them is called, and need NumPy.

>>> from mojocell import patterns
>>> print(patterns.source("monte_carlo").splitlines()[0])
# Monte Carlo: the area of a circle, European and Asian options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mojocell.patterns._load import module as module
from mojocell.patterns._load import source as source

if TYPE_CHECKING:
    from mojocell.patterns import black_scholes as black_scholes
    from mojocell.patterns import mandelbrot as mandelbrot
    from mojocell.patterns import monte_carlo as monte_carlo
    from mojocell.patterns import rolling as rolling
    from mojocell.patterns import tokens as tokens
    from mojocell.patterns import value_at_risk as value_at_risk

#: The patterns, which are imported when they are first used.
PATTERNS = ("black_scholes", "mandelbrot", "monte_carlo", "rolling", "tokens", "value_at_risk")

__all__ = [
    "PATTERNS",
    "black_scholes",
    "mandelbrot",
    "module",
    "monte_carlo",
    "rolling",
    "source",
    "tokens",
    "value_at_risk",
]


def __getattr__(name: str) -> object:
    if name not in PATTERNS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *PATTERNS})
