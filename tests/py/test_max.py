"""Mojocell with Modular's max, in an environment with the extra `max`: `./dev test --long`."""

from __future__ import annotations

import os
import subprocess
import textwrap
from pathlib import Path

import pytest

import pages

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

ROOT = Path(__file__).resolve().parents[2]

SOURCE = """
from max.algorithm import parallelize
from std.os import abort

def squares(n: Int) -> Int:
    var items = List[Int](length=n, fill=0)
    def work(i: Int) {mut items}:
        items[i] = i * i
    parallelize(work, n)
    var sum = 0
    for item in items:
        sum += item
    return sum

def endless(n: Int) -> Int:
    var items = List[Int](length=n, fill=1)
    def work(i: Int) {mut items}:
        while items[i] != 0:
            items[i] += 2
    parallelize(work, n)
    return items[0]

def beyond(n: Int) -> Int:
    var items = List[Int](length=n, fill=1)
    def work(i: Int) {mut items, imm n}:
        items[i + n] = 2
    parallelize(work, n)
    return items[0]
"""

PRELUDE = f'''
import os, signal, subprocess, sys, threading, time
import mojocell as mc
from mojocell.core import client

SOURCE = """{SOURCE}"""

def children(pid):
    with open(f"/proc/{{pid}}/task/{{pid}}/children") as file:
        return [int(child) for child in file.read().split()]

def runner():
    (found,) = children(mc.info()["pid"])
    return found

def runs():
    """The runner's processes without those that it has forked ahead: these have its own name."""
    found = []
    for pid in children(runner()):
        try:
            with open(f"/proc/{{pid}}/cmdline") as file:
                found += [pid] if file.read().startswith("mojocell: ") else []
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found

def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)

def threads(pid):
    return os.listdir(f"/proc/{{pid}}/task")

def clock(pid):
    """Seconds of processor time, of all threads."""
    with open(f"/proc/{{pid}}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

def maps(pid):
    with open(f"/proc/{{pid}}/maps") as file:
        return file.read()

def expected(n):
    return sum(i * i for i in range(n))
'''


def script(python: Path, text: str, directory: Path, **more: str) -> str:
    """Run a script in that environment, with a daemon of its own; return what it printed."""
    own = {
        "MOJOCELL_RUNTIME_DIR": str(directory / "run"),
        "MOJOCELL_CACHE_DIR": str(directory / "cache"),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    (directory / "run").mkdir(mode=0o700, exist_ok=True)
    passed = {name: value for name, value in os.environ.items() if not name.startswith("MOJOCELL_")}
    shut = "\nclient.request({'op': 'shutdown', 'now': True})\n"
    done = subprocess.run(
        [python, "-c", PRELUDE + textwrap.dedent(text) + shut],
        env={**passed, **own, **more},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_extra_brings_max_of_the_version_that_the_compiler_needs(
    max_python: Path, tmp_path: Path
) -> None:
    text = script(
        max_python,
        """
        from importlib.metadata import version
        from mojocell import doctor

        facts = {"toolchain": mc.info()["toolchain"], "found": True}
        print(doctor._max(facts).line() == f"ok    max: {version('max')}, for Mojo {version('mojo')}")
        """,
        tmp_path,
    )
    assert text == "True\n"


def test_threads_in_a_worker_are_right_after_ctrl_c_and_after_a_crash(
    max_python: Path, tmp_path: Path
) -> None:
    text = script(
        max_python,
        """
        m = mc.compile(SOURCE)
        assert (m.squares.mode, m.squares.isolated_reason) == ("isolated", "it uses threads")

        def interrupt():
            # It has begun once the worker's processors are busy with it.
            until(lambda: any(clock(pid) > spent.get(pid, 0) + 0.2 for pid in runs()))
            os.kill(os.getpid(), signal.SIGINT)

        for _ in range(2):
            for n in (8, 8, 10**6, 10**6, 0, 1):
                assert m.squares(n) == expected(n)
            before = runs()
            spent = {pid: clock(pid) for pid in before}
            threading.Thread(target=interrupt).start()
            try:
                m.endless(8)
                print("it ended")
            except KeyboardInterrupt:
                print("interrupted")
            assert m.squares(8) == expected(8)
            try:
                m.beyond(8)
                print("it ended")
            except mc.MojoCrash as error:
                print("crashed", "out of bounds, valid range is 0 to 7" in error.message, error.line is not None)
            until(lambda: not set(before) & set(runs()))
        assert m.squares(10**6) == expected(10**6)
        workers = runs()
        assert len(workers) == 1
        """,
        tmp_path,
    )
    assert text == "interrupted\ncrashed True True\n" * 2


def test_threads_in_a_cached_program_are_right_after_ctrl_c_and_after_a_crash(
    max_python: Path, tmp_path: Path
) -> None:
    text = script(
        max_python,
        """
        program = SOURCE + '''
        def main() raises:
            from std.sys import argv
            var what = String(argv()[1])
            var n = Int(String(argv()[2]))
            print("begun", flush=True)
            if what == "squares":
                print(squares(n))
            elif what == "endless":
                print(endless(n))
            else:
                print(beyond(n))
        '''

        def run(*args):
            return mc.run(program, args=args, check=False)

        def interrupt():
            until(lambda: any(clock(pid) > 0.2 for pid in runs()))
            os.kill(os.getpid(), signal.SIGINT)

        assert run("squares", "1").ok
        for _ in range(2):
            for n in (8, 8, 10**6, 10**6):
                result = run("squares", str(n))
                assert (result.cache, result.process) == ("hit", "forked")
                assert result.stdout == f"begun\\n{expected(n)}\\n", result
            threading.Thread(target=interrupt).start()
            try:
                run("endless", "8")
                print("it ended")
            except KeyboardInterrupt:
                print("interrupted")
            until(lambda: not runs())
            result = run("beyond", "8")
            print(result.stdout == "begun\\n", type(result.error).__name__, "out of bounds" in result.error.message)
            until(lambda: not runs())
        """,
        tmp_path,
    )
    assert text == "interrupted\nTrue MojoCrash True\n" * 2


def test_nothing_of_max_is_in_the_process_that_is_forked(max_python: Path, tmp_path: Path) -> None:
    text = script(
        max_python,
        """
        m = mc.compile(SOURCE)
        assert m.squares(8) == expected(8)
        daemon, forked = mc.info()["pid"], runner()
        (worker,) = runs()
        for pid in (os.getpid(), daemon, forked):
            assert "libAsyncRTMojoBindings" not in maps(pid), pid
        assert "libAsyncRTMojoBindings" in maps(worker)
        opened = [os.readlink(f"/proc/{forked}/fd/{fd}") for fd in os.listdir(f"/proc/{forked}/fd")]
        assert not [path for path in opened if path.startswith("/dev/") and path != "/dev/null"], opened
        print(len(threads(forked)), len(threads(worker)) > 1)
        """,
        tmp_path,
    )
    assert text == "1 True\n"


def test_a_function_that_needs_nothing_of_max_is_inline_beside_one_that_does(
    max_python: Path, tmp_path: Path
) -> None:
    text = script(
        max_python,
        """
        plain = mc.compile("def f(n: Int) -> Int:\\n    return n + 1\\n")
        m = mc.compile(SOURCE)
        print(plain.f(1), plain.f.mode, m.squares(8), m.squares.mode)
        try:
            m.squares.mode = "inline"
        except ValueError as error:
            print(error)
        result = mc.run("from max.gpu.host import DeviceContext\\ndef main() raises:\\n    _ = DeviceContext()\\n", check=False)
        print(result.returncode, 'Unsupported device api: "none"' in result.error.message)
        """,
        tmp_path,
    )
    assert text == "2 inline 140 isolated\nsquares cannot be inline: it uses threads\n1 True\n"


def test_the_page_on_max_shows_what_its_blocks_print(max_python: Path, tmp_path: Path) -> None:
    own = {
        "MOJOCELL_TEST_MAX": "1",
        "MOJOCELL_RUNTIME_DIR": str(tmp_path / "run"),
        "MOJOCELL_CACHE_DIR": str(tmp_path / "cache"),
    }
    (tmp_path / "run").mkdir(mode=0o700)
    passed = {name: value for name, value in os.environ.items() if not name.startswith("MOJOCELL_")}
    done = subprocess.run(
        [max_python, pages.__file__, ROOT / "docs" / "howto" / "max.md"],
        cwd=tmp_path,
        env={**passed, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    script(max_python, "mc.info()", tmp_path)
