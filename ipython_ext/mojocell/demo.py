"""``mojocell demo``: four cells, what they say and what they cost."""

from __future__ import annotations

import time

from mojocell import api, display

PI = """\
from std.random import random_float64, seed

def main():
    seed(7)
    var inside = 0
    comptime n = 10_000_000
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

CELLS = (
    ("a program, compiled unless the cache has it", PI),
    ("the same again, from the cache", PI),
    ("a mistake", WRONG),
    ("an index out of range, which only ends the program", CRASH),
)


def run() -> int:
    """Run the cells; return the exit status, 0 when each did what it should.

    The first two must succeed with the second one a cache hit, the others must fail.
    """
    outcomes = []
    for title, source in CELLS:
        print(f"── {title}\n")
        print("\n".join(f"    {line}" for line in source.rstrip().split("\n")), flush=True)
        start = time.monotonic()
        result = api.run(source, check=False, name="demo")
        wall = time.monotonic() - start
        print("\n" + (result.stdout if result.ok else f"{result.error}\n"), end="")
        print(f"   [{display.status(result)}; {display.duration(wall)} seen from Python]\n", flush=True)
        outcomes.append(result)
    good = outcomes[0].ok and outcomes[1].ok and outcomes[1].cache == "hit"
    return 0 if good and not outcomes[2].ok and not outcomes[3].ok else 1
