"""Measure how far Mojo's functions of floats are from the exact values, beside NumPy's: the table of docs.

The exact values are NumPy's of 80 bits; of erf, which it has not, the C library's.
"""

from __future__ import annotations

import argparse
import math
from typing import Any, NamedTuple

import numpy as np

import mojocell as mc

POINTS = 20_001
#: Each function in Mojo, and where it is looked at.
RANGES: dict[str, tuple[float, float]] = {
    "exp": (-700, 700),
    "exp2": (-1000, 1000),
    "x ** 2.5": (0.01, 100),
    "log2": (0.9, 1.1),
    "log": (1e-3, 1e3),
    "log10": (1e-3, 1e3),
    "log1p": (-0.9, 10),
    "expm1": (-1, 1),
    "sin": (-100, 100),
    "cos": (-100, 100),
    "tan": (-1.5, 1.5),
    "tanh": (-5, 5),
    "sinh": (-10, 10),
    "atan": (-10, 10),
    "erf": (-4, 4),
    "sqrt": (0, 1e6),
    "cbrt": (-10, 10),
}
SPECIAL = (math.nan, math.inf, -math.inf)


class Row(NamedTuple):
    """The largest errors of one function, in units in the last place."""

    name: str
    low: float
    high: float
    mojo: float
    numpy: float


def _function(name: str, expression: str) -> str:
    return (
        f"def {name}(xs: Span[Float64, _], ys: Span[mut=True, Float64, _]):\n"
        f"    for i in range(len(xs)):\n        var x = xs[i]\n        ys[i] = {expression}\n\n"
    )


def compiled() -> Any:
    """Return a module with `all_0`, `all_1`, …: the functions of `RANGES`, for whole arrays."""
    imported = [name for name in RANGES if name.isidentifier()]
    source = f"from std.math import {', '.join(imported)}\n\n"
    for number, name in enumerate(RANGES):
        source += _function(f"all_{number}", f"{name}(x)" if name.isidentifier() else name)
    return mc.compile(source)


def of_numpy(name: str, x: Any) -> Any:
    """Return what NumPy gives, in the precision of x."""
    if name == "erf":
        return np.array([math.erf(value) for value in x])
    if name == "x ** 2.5":
        return x ** x.dtype.type(2.5)
    return getattr(np, {"atan": "arctan"}.get(name, name))(x)


def of_mojo(module: Any, name: str, x: Any) -> Any:
    """Return what Mojo gives."""
    y = np.empty_like(x)
    module[f"all_{list(RANGES).index(name)}"](x, y)
    return y


def measure(every: int = 1) -> list[Row]:
    """Return the table, of each point or of every so many."""
    module, rows = compiled(), []
    for name, (low, high) in RANGES.items():
        x = np.linspace(low, high, POINTS)[::every]
        exact = of_numpy(name, x.astype(np.longdouble))
        last = np.spacing(np.abs(exact.astype(np.float64)))
        errors = [
            float(np.max(np.abs(y - exact) / last)) for y in (of_mojo(module, name, x), of_numpy(name, x))
        ]
        rows.append(Row(name, low, high, *errors))
    return rows


def specials() -> list[tuple[str, float, float, float]]:
    """Return each function's values of NaN and the infinities that differ: name, x, Mojo's, NumPy's."""
    module, found = compiled(), []
    with np.errstate(all="ignore"):
        for name in RANGES:
            x = np.array(SPECIAL)
            pairs = zip(x, of_mojo(module, name, x), of_numpy(name, x), strict=True)
            found += [
                (name, float(at), float(mojo), float(other))
                for at, mojo, other in pairs
                if not np.array_equal(mojo, other, equal_nan=True)
            ]
    return found


def shown(error: float) -> str:
    """Return an error in two digits; a dash for the function that it is measured with."""
    if error == 0:
        return "-"
    return f"{error:.1f}" if error < 100 else f"{error:.1e}".replace("e+0", "e")


def main() -> None:
    """Print the table as the page has it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--every", type=int, default=1, metavar="N", help="look at every Nth point")
    print("| function | from | to | Mojo | NumPy |\n|---|---|---|---|---|")
    for row in measure(parser.parse_args().every):
        print(f"| `{row.name}` | {row.low:g} | {row.high:g} | {shown(row.mojo)} | {shown(row.numpy)} |")
    print()
    for name, x, mojo, other in specials():
        print(f"{name} of {x:g}: {mojo:g} in Mojo, {other:g} in NumPy")


if __name__ == "__main__":
    main()
