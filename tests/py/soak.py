"""One client of the soak: `python soak.py FOLDER SEED NUMBER`, until FOLDER/stop is there. See test_soak.py.

It does things at random and looks at each answer. What it does not expect ends it with a traceback. A failure that the
disturbances of the test explain (FOLDER/disturbed is odd while one goes on, and counts them) is counted instead.
"""

from __future__ import annotations

import collections
import faulthandler
import functools
import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mojocell as mc
from daemon import program
from mojocell.core.request import Job
from mojocell.errors import MojoError
from mojocell.widgets.caller import Caller, Outcome, Request

FUNCTIONS = """
def add(a: Int, b: Int) -> Int:
    return a + b

def total(x: Span[Float64, _]) -> Float64:
    var sum = 0.0
    for i in range(len(x)):
        sum += x[i]
    return sum

def thrice(text: String) -> String:
    return text * 3

def at(n: Int) -> Int:
    var x: List[Int] = [1, 2, 3]
    return x[n]

def refuse(n: Int) raises -> Int:
    raise Error("no " + String(n))

def spin(n: Int) -> Int:
    var k = n
    while k != 0:
        k += 2
    return k
"""
PROGRAM = """
def main() raises:
    print("twice", 2 * Int(input()))
"""
# What a killed daemon, runner or worker may be told as.
EXPLAINED = {
    "daemon_lost",
    "daemon_unavailable",
    "runner_failed",
    "crashed",  # a worker that was killed with its runner
    "shutting_down",
    "cancelled",  # by a daemon that is asked to end
    "system",
}


def disturbances(folder: Path) -> int:
    """How often something has begun or ended to be disturbed."""
    return (folder / "disturbed").stat().st_size


def measure() -> dict[str, int]:
    """What a process has, by its own account."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    rows = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return {
        "resident_kb": int(rows["RssAnon"].split()[0]),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": int(rows["Threads"]),
        "maps": Path("/proc/self/maps").read_text().count("\n"),
    }


# Presses Ctrl-C after as many seconds as it is told: a call inline lets no thread of its own process do that.
PRESS = 'while read seconds; do sleep "$seconds"; kill -INT $PPID; done'


def stop(presser: subprocess.Popen[bytes], seconds: float, act: Callable[[], object]) -> None:
    """Do something, with one Ctrl-C after a moment: it comes up as such, whenever it comes."""
    problem = None
    try:
        assert presser.stdin
        os.write(presser.stdin.fileno(), f"{seconds:.3f}\n".encode())
        try:
            act()
        except MojoError as error:
            problem = error
        time.sleep(60)
        raise AssertionError("Ctrl-C was lost")
    except KeyboardInterrupt:
        pass
    if problem is not None:
        raise problem


class Client:
    """What one client does."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.fake = str(folder / "modular")
        self.done = 0
        self.failed: collections.Counter[str] = collections.Counter()
        self.modules = [mc.compile(FUNCTIONS, mode=mode) for mode in ("inline", "isolated")]
        self.outcomes: dict[int, Outcome] = {}
        self.delivered = threading.Condition()
        self.caller = Caller(self.widget_call, self.deliver, in_python=False, patience=0.1)
        self.presser = subprocess.Popen(["sh", "-c", PRESS], stdin=subprocess.PIPE)
        self.serial = 0
        self.doing = ""

    # --- cells of the compiler that costs nothing ---

    def cell(self, *lines: str, op: str = "run", **options: Any) -> Any:
        return Job(program(*lines), op=op, **options).but(toolchain=self.fake).execute()

    def new(self) -> str:
        self.serial += 1
        return f"{os.getpid()}.{self.serial}.{self.random.random()}"

    def cached(self) -> None:
        text = f"cached {self.random.randrange(5)}"
        assert self.cell(f"run: print {text}").stdout == f"{text}\n"

    def fresh(self) -> None:
        text = self.new()
        assert self.cell(f"run: print {text}").stdout == f"{text}\n"

    def wrong(self) -> None:
        kind = self.random.choice(["error", "crash", "exit"])
        try:
            result = self.cell(f"compile: {kind}", f"run: print {self.new()}")
        except MojoError as error:
            if error.code != "toolchain_failed":
                raise
        else:
            assert result.error is not None

    def program_ends(self) -> None:
        how, code = self.random.choice([("exit 3", "exited"), ("crash", "crashed"), ("abort", "crashed")])
        error = self.cell(f"run: {how}").error
        assert error is not None and error.code in (code, "raised"), error

    def flood(self) -> None:
        assert len(self.cell("run: flood 300000").stdout) == 300000

    def limit(self) -> None:
        error = self.cell("run: spin", timeout=0.1).error
        assert error is not None and error.code == "timeout", error

    def stopped_cell(self) -> None:
        how = self.random.choice(["run: spin", "run: sleep 5", "compile: hang"])
        lines = [how, f"run: print {self.new()}"] if "compile" in how else [how]
        stop(self.presser, self.random.random() * 0.2, lambda: self.cell(*lines))

    # --- the real compiler ---

    def program(self) -> None:
        number = self.random.randrange(1000)
        assert mc.run(PROGRAM, stdin=f"{number}\n").stdout == f"twice {2 * number}\n"

    def function(self, module: Any) -> None:
        for _ in range(self.random.randrange(1, 50)):
            a, b = self.random.randrange(1000), self.random.randrange(1000)
            assert module.add(a, b) == a + b
        text = "x" * self.random.choice([1, 100, 100_000])
        assert module.thrice(text) == 3 * text
        numbers = memoryview(bytearray(8 * 1000)).cast("d")
        numbers[3] = 2.5
        assert module.total(numbers) == 2.5

    def refused(self, module: Any) -> None:
        try:
            module.refuse(7)
        except mc.MojoRuntimeError as error:
            assert "no 7" in str(error)
        else:
            raise AssertionError

    def crash(self, module: Any) -> None:
        try:
            module.at(7)
        except mc.MojoCrash as error:
            if "out of bounds" not in str(error):
                raise
        else:
            raise AssertionError
        assert module.at(2) == 3

    def stopped_call(self, module: Any) -> None:
        stop(self.presser, self.random.random() * 0.1, lambda: module.spin(1))
        assert module.add(1, 2) == 3

    # --- the path of a widget ---

    def widget_call(self, n: int, again: bool) -> int:
        return int(self.modules[1].spin(1) if again else self.modules[1].add(n, 1))

    def deliver(self, outcome: Outcome) -> None:
        with self.delivered:
            self.outcomes[outcome.request.arguments["n"]] = outcome
            self.delivered.notify()

    def widget(self) -> None:
        """Whatever is asked for before, the last request is answered."""
        self.outcomes.clear()
        for n in range(self.random.randrange(10)):
            self.caller.submit(Request({"n": n, "again": self.random.random() < 0.2}))
        self.caller.submit(Request({"n": 41, "again": False}))
        with self.delivered:
            assert self.delivered.wait_for(lambda: 41 in self.outcomes, 60), self.outcomes
        last = self.outcomes[41]
        if last.error is not None:
            raise last.error
        assert last.value == 42

    # --- one after the other ---

    def choose(self) -> Callable[[], None]:
        plain = [self.cached] * 6 + [self.fresh] * 4 + [self.program] * 3 + [self.widget] * 3
        plain += [self.wrong, self.program_ends, self.flood, self.limit, self.stopped_cell]
        called = [self.function] * 6 + [self.refused, self.crash, self.stopped_call] * 2
        chosen: Any = self.random.choice([*plain, *called])
        return chosen if chosen in plain else functools.partial(chosen, self.random.choice(self.modules))

    def one(self) -> None:
        act = self.choose()
        self.doing = repr(act)
        before = disturbances(self.folder)
        try:
            act()
        except MojoError as error:
            explained = before % 2 or disturbances(self.folder) != before
            if not explained or error.code not in EXPLAINED:
                raise
            self.failed[f"{error.code}: {str(error)[:60]}"] += 1
        self.done += 1

    def live(self) -> dict[str, Any]:
        """Return what it has done, and what it had when warm, at half time and at the end."""
        marks = []
        while not (self.folder / "stop").exists():
            self.one()
            if self.done in (200, 1000, 4000, 16000):
                marks.append(measure())
        self.caller.close()
        self.presser.communicate()
        return {"done": self.done, "failed": dict(self.failed), "marks": [*marks, measure()]}


def main() -> None:
    folder, seed, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.register(signal.SIGUSR1)
    while True:  # a client may come while the daemon is being killed
        before = disturbances(folder)
        try:
            client = Client(folder, seed)
            break
        except MojoError as error:
            if error.code not in EXPLAINED or (before == disturbances(folder) and not before % 2):
                raise
    told = client.live()
    (folder / f"told-{number}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
