"""Typed functions: what a call, an array, a pause, a slider's positions, a compilation and a Stop take.

Times are those of whole statements, as timeit takes them. Contestants are timed in turn: in each of nine rounds every
one has a few short slices, between those of the others, and the best of its slices is its time of that round. A ratio is
the median over the rounds of the ratio within a round.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_programs import compiler
from frame import Row, interleaved, private_place

US = "Mojocell"
ROUNDS = 9
SLICES = 30
SLICE = 0.001  # seconds

SOURCE = """
def next_int(n: Int) -> Int:
    return n + 1

def nothing(x: Span[Float64, _]):
    pass

def total(x: Span[Float64, _]) -> Float64:
    var s = 0.0
    for v in x:
        s += v
    return s

def spin(n: Int) -> Int:
    var a = n
    while a >= 0:
        a = (a + 1) % 1000003
    return a
"""


@dataclass
class Contest:
    """Seconds that one statement took, by contestant and round."""

    times: dict[str, list[float]]

    def median(self, name: str) -> float:
        return statistics.median(self.times[name])

    def ratio(self, name: str, peer: str) -> float:
        return statistics.median(a / b for a, b in zip(self.times[name], self.times[peer], strict=True))


def slice_length(timer: timeit.Timer) -> int:
    """Return how many statements fill a slice."""
    number = 1
    while (took := timer.timeit(number)) < SLICE / 4:
        number *= 4
    return max(1, round(number * SLICE / took))


def statements(functions: dict[str, Callable[..., object]], argument: object) -> dict[str, timeit.Timer]:
    """Return the statement ``f(a)`` for every function."""
    return {name: timeit.Timer("f(a)", globals={"f": f, "a": argument}) for name, f in functions.items()}


def contest(functions: dict[str, Callable[..., object]], argument: object) -> Contest:
    """Times ``f(a)`` of every function."""
    timers = statements(functions, argument)
    numbers = {name: slice_length(timer) for name, timer in timers.items()}
    found = Contest({name: [] for name in timers})
    names = list(timers)
    order = list(names)
    shuffle = random.Random(1).shuffle
    for _ in range(ROUNDS):
        timers = statements(functions, argument)  # where a new one lies in memory is part of its time
        best = dict.fromkeys(names, float("inf"))
        for _ in range(SLICES):
            shuffle(order)
            for name in order:
                best[name] = min(best[name], timers[name].timeit(numbers[name]) / numbers[name])
        for name in names:
            found.times[name].append(best[name])
    return found


def against(
    what: str, functions: dict[str, Callable[..., object]], argument: object, targets: dict[str, float]
) -> list[Row]:
    """Rows of ``f(a)``: our time with everyone's, and its ratio to each peer with a target.

    A ratio is told to a hundredth: Cython's function against itself differs by half of one from run to run, and two
    loops of the same instructions cannot be told apart.
    """
    found = contest(functions, argument)
    ours = found.median(US)
    scale, unit = (1e6, "µs") if ours > 1e-5 else (1e9, "ns")
    others = ", ".join(f"{peer} {found.median(peer) * scale:.3g}" for peer in functions if peer != US)
    rows = [Row(what, ours * scale, unit, detail=others, samples=ROUNDS)]
    for peer, target in targets.items():
        ratio = found.ratio(US, peer)
        rows.append(Row(f"{what} / {peer}", round(ratio, 2), "ratio", target, f"{ratio:.4f}", ROUNDS))
    return rows


def fast_enough(functions: dict[str, Any], argument: object, limit: float) -> dict[str, Any]:
    """Return those functions whose one call takes less than ``limit`` seconds."""
    found = {}
    for name, function in functions.items():
        began = time.perf_counter()
        function(argument)
        if time.perf_counter() - began < limit:
            found[name] = function
    return found


def inline_calls(module: Any) -> list[Row]:
    import numpy as np
    import peers

    everyone = peers.all_peers()

    def functions(name: str) -> dict[str, Any]:
        theirs = {peer: getattr(them, name) for peer, them in everyone.items() if hasattr(them, name)}
        return {US: getattr(module, name), **theirs}

    targets = {"Cython": 1.10, "numba": 0.5, "PythonModuleBuilder": 0.9}
    rows = against("inline f(Int) -> Int", functions("next_int"), 7, targets)
    generator = np.random.default_rng(1)
    x = generator.random(1000)
    targets = {"numba": 0.6, "Cython": 0.6}
    rows += against("inline call with one ndarray, empty body", functions("nothing"), x, targets)
    for n in (1_000, 1_000_000):
        x = generator.random(n)
        contestants = fast_enough(functions("total"), x, 0.02)
        for name, function in contestants.items():
            assert abs(function(x) - np.sum(x)) < 1e-6 * n, name
        targets = {"Cython": 1.0, "numba": 1.0}
        rows += against(f"sum over {n:,} float64", contestants, x, targets)
    return rows


def after_a_pause(function: Callable[[int], int], seconds: float, runs: int) -> list[float]:
    """Seconds of single calls, each after a pause."""
    found = []
    for _ in range(runs):
        time.sleep(seconds)
        began = time.perf_counter()
        function(7)
        found.append(time.perf_counter() - began)
    return found


def isolated_calls(module: Any) -> list[Row]:
    function = module.next_int
    assert function(41) == 42
    hot = contest({"isolated": function}, 7).median("isolated")
    cold = after_a_pause(function, 0.05, 99)
    low, middle, high = statistics.quantiles(cold, n=4)
    spread = f"quartiles {low * 1e6:.0f}-{high * 1e6:.0f}"
    return [
        Row("isolated f(Int) -> Int, hot", hot * 1e6, "µs", 5, samples=ROUNDS),
        Row("isolated f(Int) -> Int, after a pause of 50 ms", middle * 1e6, "µs", 80, spread, len(cold)),
    ]


# --- a slider's positions ---------------------------------------------------------------------


def compilations() -> int:
    """Return how many compilations this place's daemon has made."""
    from mojocell import cache

    return int(cache.stats()["compilations"])


def positions() -> list[Row]:
    """Thirty values of ``{{n}}`` in a program: one compilation, and each value computed when it is asked for."""
    import mojocell as mc

    @mc.mojo
    def clock(n: int) -> int:
        r"""
        from std.time import perf_counter_ns

        def main():
            print(Int(perf_counter_ns()) * 100 + {{n}})
        """  # noqa: D400, D403

    before = compilations()
    seen = [clock(0)]
    seconds = []
    for round_ in range(ROUNDS):
        began = time.perf_counter()
        values = [clock(n) for n in range(1, 30)]
        seconds.append(time.perf_counter() - began)
        seen += values if round_ == 0 else []
    took = statistics.median(seconds)
    assert [value % 100 for value in seen] == list(range(30))
    times = [value // 100 for value in seen]
    assert times == sorted(set(times)), "a value was not computed when it was asked for"
    again = [clock(5) // 100 for _ in range(5)]
    assert sorted({*times, *again}) == [*times, *again], "a value was remembered"
    return [
        Row("30 positions over {{n}}: compilations", compilations() - before, "", 1),
        Row("30 positions over {{n}}: the 29 others together", took * 1e3, "ms", 5, "", ROUNDS),
    ]


# --- compile time -----------------------------------------------------------------------------

CELL = """
def fibonacci(n: Int) -> Int:
    var a = 0
    var b = 1
    for _ in range(n):
        a, b = b, a + b
    return a

def checked(n: Int) raises -> Int:
    if n > {nonce}:
        raise Error("too big: ", n)
    return n

def mean(x: Span[Float64, _]) -> Float64:
    var s = 0.0
    for v in x:
        s += v
    return s / Float64(len(x))

def shout(s: String) -> String:
    return s.upper() + "!"

def squares(n: Int) -> List[Float64]:
    var found = List[Float64]()
    for i in range(n):
        found.append(Float64(i * i))
    return found^
"""

MAIN = """
def main() raises:
    from std.sys import argv
    var n = len(argv())
    var found = squares(n)
    print(fibonacci(n), checked(n), mean(found), shout(String(n)), len(found))
"""


def compile_time(place: Path) -> list[Row]:
    """A cell of five functions with its thunks, against an executable that calls them, each of fresh source."""
    import mojocell as mc

    mojo, env = compiler()
    file = place / "peer.mojo"

    def cell() -> None:
        module = mc.compile(CELL.format(nonce=time.time_ns()))
        assert len(module.functions) == 5, module.skipped

    def executable() -> None:
        file.write_text(CELL.format(nonce=time.time_ns()) + MAIN)
        words = [mojo, "build", "-o", str(place / "peer"), str(file)]
        subprocess.run(words, env=env, check=True, capture_output=True)

    pair = interleaved(cell, executable, runs=ROUNDS)
    what = "compile time: a cell of five functions / an executable calling them"
    return [Row(what, pair.ratio, "ratio", 1.15, pair.detail(), ROUNDS)]


# --- Stop -------------------------------------------------------------------------------------

KERNEL = f"""
import mojocell as mc, time
spin = mc.compile({SOURCE!r}).spin
"""

LOOP = """
print("begun", flush=True)
time.sleep(0.2)  # another thread sends that, and gets no turn during the call
try:
    spin(1)
except KeyboardInterrupt:
    stopped = time.time()
"""


def stop() -> list[Row]:
    """Stop, as a notebook does it: from the interrupt of the kernel to KeyboardInterrupt in the cell."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(extra_arguments=["--log-level=ERROR"])
    try:
        client.execute_interactive(KERNEL, timeout=60, output_hook=lambda _: None)
        took = [stop_once(manager, client) for _ in range(ROUNDS)]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    detail = f"median {statistics.median(took) * 1e3:.3g}"
    return [
        Row(
            "Stop in a tight inline loop, KeyboardInterrupt, worst",
            max(took) * 1e3,
            "ms",
            100,
            detail,
            ROUNDS,
        )
    ]


def stop_once(manager: Any, client: Any) -> float:
    pressed = 0.0

    def hook(message: dict[str, Any]) -> None:
        nonlocal pressed
        if "begun" in message["content"].get("text", ""):
            time.sleep(0.4)  # into the loop
            pressed = time.time()
            manager.interrupt_kernel()

    asked = {"stopped": "stopped"}
    reply = client.execute_interactive(LOOP, timeout=30, output_hook=hook, user_expressions=asked)["content"]
    assert reply["status"] == "ok", reply
    took = float(reply["user_expressions"]["stopped"]["data"]["text/plain"]) - pressed
    assert 0 < took < 60
    return took


# --- ten million calls ------------------------------------------------------------------------


def resident() -> int:
    """Return this process's resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ten_million(module: Any) -> list[Row]:
    """Ten million calls, half of them with a large int that is an object of its own: memory and references stay."""
    function = module.next_int
    argument = 1 << 40

    def references() -> list[int]:
        return [sys.getrefcount(thing) for thing in (function, argument, None, module)]

    timer = timeit.Timer("f(a); f(3)", globals={"f": function, "a": argument})
    timer.timeit(100_000)
    gc.collect()
    before, size, blocks = references(), resident(), sys.getallocatedblocks()
    took = timer.timeit(5_000_000)
    gc.collect()
    grown = (resident() - size) / 1024
    leaked = sum(abs(after - held) for after, held in zip(references(), before, strict=True))
    leaked_blocks = max(0, sys.getallocatedblocks() - blocks)
    return [
        Row("ten million inline calls: memory gained", grown, "KiB", 256, f"{took:.2g} s"),
        Row("ten million inline calls: references and blocks gained", leaked + leaked_blocks, "", 10),
    ]


def measure() -> list[Row]:
    import mojocell as mc

    with private_place() as place:
        inline = mc.compile(SOURCE, mode="inline")
        rows = inline_calls(inline)
        rows += ten_million(inline)
        rows += isolated_calls(mc.compile(SOURCE, mode="isolated"))
        rows += positions()
        rows += compile_time(place)
        rows += stop()
    return rows
