"""``mojocell demo``: a few cells, what they say and what they cost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from mojocell import api
from mojocell.core.result import status
from mojocell.show.words import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

PI = """\
from std.random import random_float64, seed

def main():
    seed(7)
    var inside = 0
    comptime n = 2_000_000
    for _ in range(n):
        var x = random_float64()
        var y = random_float64()
        if x * x + y * y < 1:
            inside += 1
    print("pi is about", 4.0 * Float64(inside) / Float64(n))
"""
WRONG = "def main():\n    print(fibonaci(10))\n"
CRASH = """\
def main():
    var values: List[Int] = [1, 2, 3]
    var i = 7
    print(values[i])
"""

FIBONACCI = """\
def fibonacci(n: Int) -> Int:
    var a = 0
    var b = 1
    for _ in range(n):
        (a, b) = (b, a + b)
    return a

for n in range(5, 50, 11):
    print(n, fibonacci(n))
"""


class Step(NamedTuple):
    """One cell of the demonstration.

    Attributes
    ----------
    title : str
        What it shows.
    source : str
        The cell.
    works : bool
        Whether it is meant to succeed.
    """

    title: str
    source: str
    works: bool = True


STEPS = (
    Step("a program", PI),
    Step("the same program again", PI),
    Step("statements without a main", FIBONACCI),
    Step("a mistake", WRONG, works=False),
    Step("an index out of range", CRASH, works=False),
)


def run() -> int:
    """Run the cells and print a table; return the exit status, 0 when each did what it should."""
    rows = []
    good, before = True, ""
    for step in STEPS:
        print(f"── {step.title}\n")
        if step.source != before:
            print(
                "\n".join(f"    {line}" for line in step.source.rstrip().split("\n")), end="\n\n", flush=True
            )
        before = step.source
        start = time.monotonic()
        result = api.run(step.source, check=False, name="demo")
        wall = time.monotonic() - start
        print(result.stdout + (f"{result.error}\n" if result.error else ""), flush=True)
        rows.append((step.title, status(result), duration(wall)))
        good &= result.ok == step.works
    good &= rows[1][1].startswith("cache hit")
    print_table(("cell", "where the time went", "seen from Python"), rows)
    print(
        "\nIn a notebook: %load_ext mojocell, and cells that begin with %%mojo."
        " The command `mojocell notebooks` writes some to begin with."
    )
    return 0 if good else 1


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in aligned columns below a head."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    for row in (head, ["─" * width for width in widths], *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
