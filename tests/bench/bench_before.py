"""The present build against an earlier one, in turn: what must not become slower from one to the next."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time

from frame import Pair, Row, private_place

SLOWER = 1.02
PROGRAM_AT_MOST = 0.65  # since 5e9051d
ORDERED = 1.3  # since there is an order among the two streams
FUNCTION = "def f(n: Int) -> Int:\n    return n * 2 + 1\n"

# Each prints how long it took, in seconds.
IMPORT = """
import time
began = time.perf_counter()
import mojocell
print(time.perf_counter() - began)
"""
LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
began = time.perf_counter()
shell.run_line_magic("load_ext", "mojocell")
print(time.perf_counter() - began)
"""
FIRST = """
import time
import mojocell as mc
module = mc.compile({function!r})
began = time.perf_counter()
module.f(20)
print(time.perf_counter() - began)
"""
FIRST_OF_ALL = """
import time
began = time.perf_counter()
import mojocell as mc
mc.compile({function!r}).f(20)
print(time.perf_counter() - began)
"""
CALL = """
import timeit
import mojocell as mc
f = mc.compile({function!r}).f
print(min(timeit.repeat("f(20)", globals={{"f": f}}, number=200_000, repeat=5)) / 200_000)
"""
PROGRAM = """
import statistics, time
import mojocell as mc

def once():
    began = time.perf_counter()
    mc.run({program!r})
    return time.perf_counter() - began

once()
print(statistics.median(once() for _ in range(60)))
"""
TURNS = PROGRAM.replace("{program!r}", "{by_turns!r}")
BY_TURNS = """
from std.sys import stderr

def main():
    for i in range(3_000):
        print("out", i)
        print("err", i, file=stderr)
"""


def seconds(python: str, code: str) -> float:
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def in_turn(before: str, code: str, runs: int) -> Pair:
    """What both print, each first as often as the other; a first time of each does not count."""
    pair = Pair([], [])
    for i in range(-1, runs):
        for python in (sys.executable, before)[:: -1 if i % 2 else 1]:
            taken = seconds(python, code)
            if i >= 0:
                (pair.peer if python == before else pair.subject).append(taken)
    return pair


def measure() -> list[Row]:
    before = os.environ.get("MOJOCELL_BENCH_BEFORE")
    if not before:
        print("  not measured: ./dev bench --before REVISION before")
        return []
    os.environ["MOJOCELL_TOOLCHAIN"] = os.path.join(sysconfig.get_path("purelib"), "modular")
    with private_place():
        program = f"def main():\n    print({time.time_ns()})\n"
        measures = (
            ("import mojocell", IMPORT, 41, 1e3, "ms", SLOWER),
            ("%load_ext", LOAD, 21, 1e3, "ms", SLOWER),
            ("a function's first call", FIRST, 31, 1e3, "ms", SLOWER),
            ("import, compile from the cache, first call", FIRST_OF_ALL, 31, 1e3, "ms", SLOWER),
            ("a function's call, inline", CALL, 11, 1e9, "ns", SLOWER),
            ("a cached program", PROGRAM, 21, 1e3, "ms", PROGRAM_AT_MOST),
            ("6,000 lines, by turns to the two streams", TURNS, 21, 1e3, "ms", ORDERED),
        )
        rows = []
        for what, code, runs, scale, unit, at_most in measures:
            pair = in_turn(before, code.format(function=FUNCTION, program=program, by_turns=BY_TURNS), runs)
            rows.append(
                Row(f"{what} / the build before", pair.ratio, "", at_most, pair.detail(scale, unit), runs)
            )
        return rows
