"""A process that calls Mojo keeps what is its own: its signal handlers, its end, and memory for what it loads."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import mojocell as mc
from daemon import alive, wait_until
from mojocell.call.unit import Unit
from mojocell.core.result import RunResult

pytestmark = pytest.mark.usefixtures("service")

FUNCTIONS = '''
SOURCE = """
def add(a: Int, b: Int) -> Int:
    return a + b

def at(n: Int) -> Int:
    var x: List[Int] = [1, 2, 3]
    return x[n]

def spin(n: Int) -> Int:
    var k = n
    while k != 0:
        k += 2
    return k

def burn(n: Int) -> Int:
    var k = n
    for i in range(n):
        k = (k * 31 + i) % 1000003
    return k
"""
'''


def script(text: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a new interpreter."""
    return subprocess.run(
        [sys.executable, *flags, "-c", FUNCTIONS + textwrap.dedent(text)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


# ---- signal handlers

HANDLERS = """
import faulthandler, os, signal, sys, threading, time
called = []
def note(number, frame):
    called.append(signal.Signals(number).name)
NAMES = ["SIGINT", "SIGALRM", "SIGCHLD", "SIGTERM", "SIGUSR1", "SIGHUP"]
def mine():
    for name in NAMES:
        signal.signal(getattr(signal, name), note)
def check(when):
    for name in NAMES:
        assert signal.getsignal(getattr(signal, name)) is note, (when, name)
        called.clear()
        os.kill(os.getpid(), getattr(signal, name))
        assert called == [name], (when, name, called)
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("mode", ["inline", "isolated"])
def test_handlers_of_the_user_stay_and_are_called(when: str, mode: str) -> None:
    done = script(
        HANDLERS
        + f"""
if {when!r} == "before":
    mine()
import mojocell as mc
m = mc.compile(SOURCE, mode={mode!r})
if {when!r} == "after":
    assert m.add(1, 2) == 3
    mine()
check("loaded")
assert m.add(1, 2) == 3
check("called")
try:
    m.at(7)
except mc.MojoCrash as error:
    assert error.line == 7, error.line
else:
    raise AssertionError
check("crashed")
assert mc.run("print(1)").stdout == "1\\n"
check("run")
called.clear()
signal.setitimer(signal.ITIMER_REAL, 0.05)
end = time.monotonic() + 30
while "SIGALRM" not in called and time.monotonic() < end:
    m.burn(1_000_000)
assert called.count("SIGALRM") == 1, called
called.clear()
os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ), 0)
assert "SIGCHLD" in called
check("at last")
print("mine")
"""
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "mine\n"


@pytest.mark.parametrize("mode", ["inline", "isolated"])
def test_a_handler_of_sigint_that_raises_ends_the_call(mode: str) -> None:
    """Set before Mojo functions are loaded: inline, a later one is called after the call (docs/limits.md)."""
    done = script(
        f"""
import os, signal, subprocess, sys
class Enough(Exception): pass
def enough(number, frame): raise Enough
signal.signal(signal.SIGINT, enough)
import mojocell as mc
m = mc.compile(SOURCE, mode={mode!r})
assert m.add(1, 1) == 2
press = subprocess.Popen(["sh", "-c", "sleep 0.5; kill -INT $PPID"])
try:
    m.spin(1)
except (Enough, KeyboardInterrupt) as error:
    print(type(error).__name__)
press.wait()
assert signal.getsignal(signal.SIGINT) is enough
assert m.add(1, 2) == 3
"""
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Enough\n", done.stdout


def test_faulthandler_stays_enabled_and_reports_a_crash_that_is_not_mojos() -> None:
    done = script(
        """
import faulthandler, ctypes
faulthandler.enable()
import mojocell as mc
m = mc.compile(SOURCE, mode="inline")
for _ in range(3):
    try:
        m.at(7)
    except mc.MojoCrash:
        pass
assert faulthandler.is_enabled() and m.add(1, 2) == 3
print("on", flush=True)
ctypes.string_at(16)
"""
    )
    assert done.stdout == "on\n"
    assert done.returncode == -11
    assert done.stderr.count("Fatal Python error: Segmentation fault") == 1


# ---- the end of a process

WAYS = {
    "_exit": "m.add(1, 2); os._exit(0)",
    "_exit in a thread": "t = threading.Thread(target=lambda: (m.add(1, 2), os._exit(0))); t.start(); t.join()",
    "_exit while another thread calls": "threading.Thread(target=m.spin, args=(1,), daemon=True).start(); "
    "time.sleep(0.2); os._exit(0)",
    "the end while a daemon thread calls": "threading.Thread(target=m.spin, args=(1,), daemon=True).start(); "
    "time.sleep(0.2)",
    "atexit": "import atexit; atexit.register(lambda: print(m.add(1, 2)))",
    "atexit, the first call": "import atexit; atexit.register(lambda: print(mc.compile(SOURCE, mode=MODE).add(1, 2)))",
    "atexit, a crash": "import atexit; atexit.register(lambda: m.at(7))",
    "atexit, run": "import atexit; atexit.register(lambda: print(mc.run('print(3)').stdout, end=''))",
    "__del__": """
class Last:
    def __del__(self):
        print(m.add(1, 2))
last = Last()
""",
    "__del__ in a cycle of modules": """
class Last:
    def __init__(self): self.m, self.me = m, self
    def __del__(self):
        print(self.m.add(1, 2))
sys.last_one = Last()
""",
    "__del__, run": """
class Last:
    def __init__(self): self.run, self.me = mc.run, self
    def __del__(self):
        print(self.run("print(3)").stdout, end="")
sys.last_one = Last()
""",
    "sys.exit in a thread that calls": "t = threading.Thread(target=lambda: (m.add(1, 2), sys.exit(1))); t.start()",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", ["inline", "isolated"])
def test_a_process_that_calls_as_it_ends_ends(mode: str, way: str, tmp_path: Path) -> None:
    nogil = "spin" in WAYS[way]
    told = tmp_path / "workers"
    done = script(
        f"""
import os, sys, threading, time
import mojocell as mc
MODE = {mode!r}
m = mc.compile(SOURCE, mode=MODE, nogil={nogil and mode == "inline"})
assert mc.run("print(3)").stdout == "3\\n"
assert m.add(1, 2) == 3
def below(pid):
    with open(f"/proc/{{pid}}/task/{{pid}}/children") as file:
        children = [int(child) for child in file.read().split()]
    return children + [each for child in children for each in below(child)]
def is_worker(pid):
    # What is forked ahead has no name yet.
    try:
        with open(f"/proc/{{pid}}/maps") as maps, open(f"/proc/{{pid}}/cmdline") as line:
            return m.__mojo__.result.artifact in maps.read() and line.read().startswith("mojocell: ")
    except OSError:
        return False
workers = [pid for pid in below(mc.info()["pid"]) if m.add.library is None and is_worker(pid)]
with open({str(told)!r}, "w") as file:
    file.write(" ".join(map(str, workers)))
"""
        + WAYS[way]
    )
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    assert "Fatal" not in done.stderr
    if (
        "print" in WAYS[way] and "sys.last_one" not in WAYS[way]
    ):  # of those, Python decides whether there is still an output
        assert done.stdout == "3\n" or "Error" in done.stderr, done
    workers = [int(word) for word in told.read_text().split()]
    assert len(workers) == (mode == "isolated")
    wait_until(lambda: not [pid for pid in workers if alive(pid)], 20, "the end of the worker")


# ---- an artifact that others clear away


def test_an_artifact_that_goes_just_before_it_is_loaded_is_compiled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cleared: list[dict[str, int]] = []
    open_it = Unit.open

    def clear_first(unit: Unit, result: RunResult) -> object:
        if not cleared:
            cleared.append(mc.clear_cache())
        return open_it(unit, result)

    monkeypatch.setattr(Unit, "open", clear_first)
    module = mc.compile("def just_so(n: Int) -> Int:\n    return n + 1\n", mode="inline")
    assert module.just_so(1) == 2
    assert cleared[0]["entries"] >= 1


# ---- many modules


def test_three_hundred_modules_that_are_loaded_and_dropped_cost_their_own_size_alone(tmp_path: Path) -> None:
    """They stay loaded; no descriptor or thread does, and the memory is what each has of its own."""
    thunks = Path(__file__).resolve().parents[1] / "fake" / "thunks.c"
    library = tmp_path / "thunks.so"
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-O2", "-fPIC", "-shared", "-o", library, thunks], check=True)
    done = script(
        f"""
import gc, os, shutil
from mojocell import _bridge
def measure():
    gc.collect()
    with open("/proc/self/status") as file:
        rows = dict(line.split(":", 1) for line in file)
    with open("/proc/self/maps") as file:
        maps = len(file.readlines())
    return int(rows["RssAnon"].split()[0]), len(os.listdir("/proc/self/fd")), int(rows["Threads"]), maps
def one(number):
    path = f"{tmp_path}/module-{{number}}.so"
    shutil.copy("{library}", path)
    entry = dict(name="next", symbol="mc_call_next", abi="(Int) -> Int", signature="def next(n: Int) -> Int",
                 arguments=[dict(name="n", kind="any")], returns="Int")
    function = _bridge.Function("next", [entry], _bridge.Library(path))
    assert function(number) == number + 1
for number in range(20):
    one(number)
before = measure()
for number in range(20, 320):
    one(number)
print(*(b - a for a, b in zip(before, measure())))
"""
    )
    assert done.returncode == 0, done.stderr
    kilobytes, descriptors, threads, maps = map(int, done.stdout.split())
    assert descriptors == threads == 0
    assert maps <= 300 * 6  # of 65530 that a process may have
    assert kilobytes < 300 * 40
