"""Isolated calls under stress, as a user makes them; what ends processes runs in processes of its own."""

from __future__ import annotations

import functools
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mojocell as mc

if TYPE_CHECKING:
    from collections.abc import Callable

    from mojocell._bridge import Function, Worker

pytestmark = pytest.mark.usefixtures("service")

SOURCE = """
from std.time import sleep

def one_more(n: Int) -> Int:
    return n + 1

def at(n: Int) -> Int:
    var x: List[Int] = [1, 2, 3]
    return x[n]

def spin(n: Int) -> Int:
    var k = n
    while k != 0:
        k += 2
    return k

def nap(seconds: Float64) -> Int:
    sleep(seconds)
    return 1

def spread(x: Span[mut=True, Float64, _], fail: Bool) raises -> Float64:
    for i in range(1, len(x)):
        x[i] = x[0]
    if fail:
        raise Error("after writing")
    return x[len(x) - 1]

def say(text: String, times: Int):
    for i in range(times):
        print(i, text)

def hoard(n: Int) -> Int:
    var x = List[Int]()
    while len(x) < n:
        x.append(len(x))
    return len(x)
"""

# What scripts begin with: a daemon of their own, which they may kill.
PRELUDE = f'''
import contextlib, os, signal, subprocess, sys, tempfile, threading, time
os.environ["MOJOCELL_RUNTIME_DIR"] = tempfile.mkdtemp()
import mojocell as mc
from mojocell.core import client

m = mc.compile("""{SOURCE}""", mode="isolated")

def children(pid):
    with open(f"/proc/{{pid}}/task/{{pid}}/children") as file:
        return [int(child) for child in file.read().split()]

def is_run(pid):
    """Not a process that the runner has forked ahead: those have its own name."""
    try:
        with open(f"/proc/{{pid}}/cmdline") as file:
            return file.read().startswith("mojocell: ")
    except (FileNotFoundError, ProcessLookupError):
        return False

def processes():
    """The daemon, its runner, the workers."""
    daemon = mc.info()["pid"]
    (runner,) = children(daemon)
    return daemon, runner, [pid for pid in children(runner) if is_run(pid)]

def many_idle(count):
    threads = [threading.Thread(target=m.nap, args=(0.5,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(processes()[2]) == count

def kill_soon(pid):
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()

def is_alive(pid):
    try:
        with open(f"/proc/{{pid}}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False

def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
'''


def script(text: str, timeout: float = 120) -> str:
    """Run a script in a new interpreter; return what it printed."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PRELUDE + textwrap.dedent(text) + "\nclient.request({'op': 'shutdown', 'now': True})\n",
        ],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def module(service: Path) -> mc.MojoModule:
    return mc.compile(SOURCE, mode="isolated")


def in_thread(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Start a call in a thread; what it returns or raises comes into the list."""
    ends: list[object] = []

    def work() -> None:
        try:
            ends.append(call())
        except BaseException as error:  # noqa: BLE001
            ends.append(type(error))

    thread = threading.Thread(target=work)
    thread.start()
    return thread, ends


def test_two_hundred_crashes_each_with_a_call_after_it(module: mc.MojoModule) -> None:
    for i in range(200):
        with pytest.raises(mc.MojoCrash, match="out of bounds") as crash:
            module.at(7)
        assert (crash.value.line, crash.value.signal) == (9, 4)
        assert module.one_more(i) == i + 1


def test_what_a_function_wrote_is_there_whether_it_raises_or_not(module: mc.MojoModule) -> None:
    np = pytest.importorskip("numpy")
    for fail in (False, True):
        array = np.zeros(1000)
        array[0] = 5
        if fail:
            with pytest.raises(mc.MojoRuntimeError, match="after writing"):
                module.spread(array, fail)
        else:
            assert module.spread(array, fail) == 5
        assert (array == 5).all()


def test_arrays_larger_than_all_before_them(module: mc.MojoModule) -> None:
    np = pytest.importorskip("numpy")
    for size in (1, 10_000, 20_000_000, 3):
        array = np.zeros(size)
        array[0] = size
        assert module.spread(array, False) == size
        assert (array == size).all()


def test_calls_of_threads_run_at_the_same_time(module: mc.MojoModule) -> None:
    calls = [in_thread(lambda: module.spin(1)) for _ in range(4)]
    try:
        end = time.monotonic() + 20
        worker = module.__mojo__.worker()
        while worker.count < 4 and time.monotonic() < end:
            time.sleep(0.01)
        assert worker.count >= 4
        assert module.one_more(1) == 2
    finally:
        for thread, _ in calls:
            mc.interrupt(thread)
    for thread, ends in calls:
        thread.join()
        assert ends == [KeyboardInterrupt]


def test_threads_that_are_first_share_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            unit = mc.compile(SOURCE, mode="isolated").__mojo__
            monkeypatch.setattr(unit, "_worker", None)
            monkeypatch.setattr(unit, "_workers", [])
            calls = [in_thread(unit.worker) for _ in range(8)]
            for thread, _ in calls:
                thread.join()
            assert len({id(ends[0]) for _, ends in calls}) == len(unit._workers) == 1
    finally:
        sys.setswitchinterval(interval)


def test_a_call_is_interrupted_while_its_worker_starts() -> None:
    printed = script(
        """
        m.one_more(1)
        _, runner, (worker,) = processes()
        os.kill(worker, signal.SIGKILL)
        until(lambda: not is_alive(worker))
        os.kill(runner, signal.SIGSTOP)
        ends = []

        def work():
            try:
                ends.append(m.spin(1))
            except KeyboardInterrupt:
                ends.append("interrupted")

        thread = threading.Thread(target=work)
        thread.start()

        def stop():
            with contextlib.suppress(ValueError):  # it has ended meanwhile
                mc.interrupt(thread)  # nothing, where it has not begun
            return ends

        until(stop)
        print(ends)
        os.kill(runner, signal.SIGCONT)
        print(m.one_more(1))
        """
    )
    assert printed == "['interrupted']\n2\n"


def test_output_is_in_order_and_before_the_call_returns(
    module: mc.MojoModule, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(20):
        module.say("äö€😀", 3)
        print("after", i)
    lines = [line for i in range(20) for line in ("0 äö€😀", "1 äö€😀", "2 äö€😀", f"after {i}")]
    assert capsys.readouterr().out.splitlines() == lines
    module.say("äö€😀" * 40, 5000)
    assert capsys.readouterr().out == "".join(f"{i} {'äö€😀' * 40}\n" for i in range(5000))


def limited(
    module: mc.MojoModule, name: str, printed: list[bytes] | None = None, *, memory: int = 0, **limits: float
) -> tuple[Function, Worker]:
    """Return a function with limits of its own, and its workers."""
    from mojocell import _bridge
    from mojocell.call import unit as units
    from mojocell.core import client

    unit = module.__mojo__
    job = unit.job.but(op="run", memory=memory or None)
    worker = _bridge.Worker(
        client.client(),
        client.encode(job.header()).decode(),
        "".join(f"{entry['symbol']} {entry['abi']}\n" for entry in unit.result.functions),
        lambda _, output: None if printed is None else printed.append(output),
        **limits,  # type: ignore[arg-type]
    )
    function = _bridge.Function(
        name,
        unit.entries[name],
        None,
        mode="isolated",
        worker=lambda: worker,
        fail=functools.partial(units.failure, unit, name),
    )
    return function, worker


@pytest.mark.parametrize(
    ("limits", "name", "args", "limit"),
    [
        ({"cpu": 0.3}, "spin", (1,), "cpu"),
        ({"most_output": 100_000}, "say", ("x" * 100, 10**12), "output"),
        ({"memory": 200}, "hoard", (10**12,), "memory"),
    ],
)
def test_limits_are_named_and_the_next_call_works(
    module: mc.MojoModule, limits: dict[str, float], name: str, args: tuple[object, ...], limit: str
) -> None:
    printed: list[bytes] = []
    function, _ = limited(module, name, printed, **limits)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(mc.MojoLimit) as raised:
            function(*args)
        assert raised.value.limit == limit
    assert (limit == "output") == (sum(map(len, printed)) > 100_000)
    few = ("x", 1) if name == "say" else (0,)
    assert function(*few) in {0, None}


def test_a_call_that_takes_too_long_is_a_timeout(module: mc.MojoModule) -> None:
    function, _ = limited(module, "nap", wall=0.3)
    for _ in range(2):
        with pytest.raises(mc.MojoTimeout, match=r"0\.3 s"):
            function(30.0)
        assert function(0.0) == 1


def test_idle_workers_leave_and_come_back(module: mc.MojoModule) -> None:
    function, worker = limited(module, "one_more", idle=1)
    for i in range(2):
        assert function(i) == i + 1
        assert worker.count == 1
        end = time.monotonic() + 20
        while worker.count and time.monotonic() < end:
            time.sleep(0.05)
        assert worker.count == 0


@pytest.mark.parametrize("victims", ["workers[:1]", "workers", "[runner]", "[daemon]"])
def test_processes_killed_between_two_calls_are_not_noticed(victims: str) -> None:
    printed = script(
        f"""
        for i in range(3):
            many_idle(7)
            daemon, runner, workers = processes()
            for pid in {victims}:
                os.kill(pid, signal.SIGKILL)
            print(m.one_more(i))
            gone = workers[:1] if {victims} == workers[:1] else workers
            until(lambda: not any(is_alive(pid) for pid in gone))
            assert m.one_more(i) == i + 1
        """
    )
    assert printed == "1\n2\n3\n"


@pytest.mark.parametrize("victim", ["worker", "runner", "daemon"])
def test_a_process_killed_during_a_call_is_told_and_the_next_call_works(victim: str) -> None:
    printed = script(
        f"""
        for i in range(3):
            m.one_more(i)
            daemon, runner, (worker,) = processes()
            kill_soon({victim})
            try:
                m.spin(1)
            except mc.MojoError as error:
                print(type(error).__name__, error.message)
            print(m.one_more(i))
            until(lambda: not is_alive(worker))
        """
    ).splitlines()
    assert printed[1::2] == ["1", "2", "3"]
    told = {
        "worker": "MojoCrash the program was ended by signal 9 (Killed)",
        "runner": "MojoError the process that ran the program ended",
        "daemon": "Daemon",
    }
    assert all(line.startswith(told[victim]) for line in printed[::2]), printed


def test_ctrl_c_ends_a_call_and_its_worker() -> None:
    printed = script(
        """
        for i in range(5):
            m.one_more(i)
            (worker,) = processes()[2]
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            try:
                m.spin(1)
            except KeyboardInterrupt:
                print("stopped", is_alive(worker), m.one_more(1))
        """
    )
    assert printed == "stopped False 2\n" * 5


CALLER = """
import os, sys
import mojocell as mc

m = mc.compile(os.environ["SOURCE"], mode="isolated")
m.one_more(1)
print("ready", flush=True)
m.spin(int(sys.argv[1]))
sys.stdin.read()
"""


def test_workers_end_with_the_process_that_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is killed between two calls and in the middle of one."""
    monkeypatch.setenv("SOURCE", SOURCE)
    monkeypatch.setenv("CALLER", CALLER)
    printed = script(
        """
        for spins in "01":
            caller = subprocess.Popen(
                [sys.executable, "-c", os.environ["CALLER"], spins],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert caller.stdout.readline() == bytes([*b"ready", 10])
            (worker,) = processes()[2]
            caller.kill()
            caller.wait()
            until(lambda: not is_alive(worker))
            print("gone")
        """
    )
    assert printed == "gone\ngone\n"


def test_a_fork_has_workers_of_its_own() -> None:
    printed = script(
        """
        m.one_more(1)
        for i in range(3):
            child = os.fork()
            if child == 0:
                os._exit(m.one_more(i) + 10)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), m.one_more(i))
            until(lambda: len(processes()[2]) == 1)
        """
    )
    assert printed == "11 1\n12 2\n13 3\n"


def test_two_hundred_workers_leave_nothing_behind() -> None:
    """Descriptors, threads and memory of the caller, descriptors of the daemon and the runner.

    A few more are links to the daemon, which are kept for the next request.
    """
    printed = script(
        """
        def held():
            with open("/proc/self/maps") as file:
                maps = file.read().count("mojocell-call")
            return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")), maps

        def theirs():
            return [len(os.listdir(f"/proc/{pid}/fd")) for pid in processes()[:2]]

        def crash(times):
            for _ in range(times):
                try:
                    m.at(9)
                except mc.MojoCrash:
                    m.one_more(1)

        crash(30)
        before = held(), theirs()
        crash(200)
        after = held(), theirs()
        more = [b - a for was, now in zip(before, after) for a, b in zip(was, now)]
        print(max(more) < 10 or more, len(processes()[2]))
        print([name for name in os.listdir(os.environ["MOJOCELL_RUNTIME_DIR"]) if name.startswith("call-")])
        """
    )
    assert printed == "True 1\n[]\n"


def test_calls_with_a_timeout_do_not_wait_for_a_daemon_that_is_stopped() -> None:
    script("""
        from mojocell import settings
        settings.set_value("timeout", 2)
        limited = mc.compile(m.__mojo__.source + "\\n", mode="isolated")
        limited.one_more(1)
        daemon = mc.info()["pid"]
        os.kill(daemon, signal.SIGSTOP)
        try:
            for call, kind in (
                (lambda: limited.spin(1), mc.MojoTimeout),
                (lambda: limited.one_more(1), mc.DaemonUnavailable),
                (lambda: mc.run("print(1)", timeout=2), mc.DaemonUnavailable),
                (lambda: mc.compile("def f() -> Int:\\n    return 1"), mc.DaemonUnavailable),
            ):
                try:
                    call()
                except kind as error:
                    assert kind is mc.MojoTimeout or f"kill -9 {daemon}" in error.hint, error.hint
                else:
                    raise AssertionError(kind)
        finally:
            os.kill(daemon, signal.SIGCONT)
        assert limited.one_more(1) == 2
        assert mc.info()["pid"] == daemon
    """)
