"""How a program's input and its end are told: once, and with what to do."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mojocell as mc
from kernels import kernel
from mojocell.core.request import Job
from mojocell.errors import Interrupted
from mojocell.show.output import RAISED, Echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("service")

ASKS = """
def main() raises:
    print("got", input())
"""


def test_a_program_without_input_says_how_to_give_it_some() -> None:
    result = mc.run(ASKS, check=False)
    assert result.error is not None and "--stdin NAME" in (result.error.hint or "")
    given = mc.run(ASKS, stdin="", check=False)
    assert given.error is not None and given.error.hint == result.error.hint
    assert mc.run(ASKS, stdin="one\n").stdout == "got one\n"


def test_a_shell_compiles_before_its_input_has_come(tmp_path: Path) -> None:
    source = tmp_path / "a.mojo"
    source.write_text("def main( raises:\n    print(input())\n")
    command = [sys.executable, "-m", "mojocell", "run", str(source)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as started:  # type: ignore[call-overload]
        assert started.wait(120) == 1  # nothing was written, and nothing closed
        assert b"error" in started.stderr.read()
    source.write_text(ASKS)
    with subprocess.Popen([*command, "--no-run"], **pipes) as started:  # type: ignore[call-overload]
        assert started.wait(120) == 0
    with subprocess.Popen(command, **pipes) as started:  # type: ignore[call-overload]
        assert started.communicate(b"piped\n", 120)[0] == b"got piped\n"


@contextlib.contextmanager
def at_a_terminal(source: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a source as in a shell; yield the command and the other end of its terminal."""
    ours, theirs = os.openpty()
    # The first terminal that the leader of a session opens is the session's.
    opens = ["sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(theirs)]
    command = [*opens, sys.executable, "-m", "mojocell", "run", "--quiet", str(source)]
    with subprocess.Popen(command, stdin=theirs, start_new_session=True) as run:
        os.close(theirs)
        try:
            yield run, ours
        finally:
            run.kill()
            os.close(ours)


def read_until(terminal: int, words: bytes) -> bytes:
    """Return what is shown, up to some words or the end."""
    seen = b""
    while words not in seen:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # nobody has its other end any more
            break
    return seen


ASKS_TWICE = """
def main() raises:
    print("first", input("name? "))
    try:
        print("second", input("again? "))
    except e:
        print("over:", e)
"""


def test_a_program_at_a_terminal_asks_there(tmp_path: Path) -> None:
    source = tmp_path / "asks.mojo"
    source.write_text(ASKS_TWICE)
    with at_a_terminal(source) as (run, terminal):
        assert b"name? " in read_until(terminal, b"name? ")
        os.write(terminal, "Ädä\n".encode())
        assert "first Ädä\r\n" in read_until(terminal, b"again? ").decode()
        os.write(terminal, b"\4")  # Ctrl-D
        assert b"over: EOF\r\n" in read_until(terminal, b"EOF\r\n")
        assert run.wait(60) == 0


def test_ctrl_c_ends_a_program_that_waits_at_a_terminal(tmp_path: Path) -> None:
    source = tmp_path / "asks.mojo"
    source.write_text(ASKS_TWICE)
    with at_a_terminal(source) as (run, terminal):
        read_until(terminal, b"name? ")
        os.write(terminal, b"\3")
        assert run.wait(60) == 130


def test_a_path_that_is_no_terminal_is_as_no_input(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "file").write_text("typed\n")
    for path in (pipe, tmp_path / "file", tmp_path / "nothing"):
        result = Job(ASKS, terminal=str(path)).execute()
        assert result.error is not None and result.error.message == "EOF"


def interrupt_once(condition: Callable[[], bool]) -> threading.Thread:
    """Send Ctrl-C to this process when something is so."""

    def wait() -> None:
        while not condition():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_stop_tells_whether_the_program_had_begun(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    source = f"""
comptime UNIQUE = "{uuid.uuid4()}"
from std.time import sleep
def main() raises:
    print("begun")
    sleep(0.5)  # the client has heard of it by then
    with open("{begun}", "w") as file:
        file.write("x")
    while True:
        sleep(0.01)
"""
    before = mc.info()["counters"]["compilations"]
    thread = interrupt_once(lambda: mc.info()["counters"]["compilations"] > before)
    with pytest.raises(KeyboardInterrupt) as stopped:
        mc.run(source)
    thread.join()
    assert isinstance(stopped.value, Interrupted) and stopped.value.compiling
    assert str(stopped.value) == "stopped while it was compiled"
    assert not begun.exists()

    thread = interrupt_once(begun.exists)
    with pytest.raises(KeyboardInterrupt) as stopped:
        mc.run(source)
    thread.join()
    assert isinstance(stopped.value, Interrupted) and not stopped.value.compiling
    assert str(stopped.value) == ""
    assert stopped.value.result is not None and stopped.value.result.stdout == "begun\n"


def test_none_of_python_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    result = mc.run("""
from std.python import Python
var builtins = Python.import_module("builtins")
builtins.print("said")
""")
    assert result.stdout == "said\n"
    assert mc.run("from std.python import Python\nPython.import_module('builtins').str(7)").stdout == "7\n"


def test_python_and_mojo_print_in_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
from std.python import Python
var builtins = Python.import_module("builtins")
for i in range(2):
    builtins.print("python", i)
    print("mojo", i)
"""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    assert mc.run(program).stdout.split() == ["python", "0", "mojo", "0", "python", "1", "mojo", "1"]


def test_how_python_is_to_write_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", "")
    asks = "from std.os import getenv\nprint('[', getenv('PYTHONUNBUFFERED', 'none'), ']', sep='')"
    assert mc.run(asks).stdout == "[]\n"


def test_what_left_main_is_shown_once(tmp_path: Path) -> None:
    with kernel(tmp_path) as shell:
        shell.run("%load_ext mojocell")
        outcome = shell.run("%%mojo --result kept\nprint('before')\nraise Error('as told')")
        assert outcome.status == "error"
        assert outcome.stream() == "before\n" and outcome.stream("stderr") == ""
        assert outcome.error.count("as told") == 1
        kept = shell.run("kept.stderr, kept._repr_html_().count('as told')")
        assert kept.messages[-1][2]["data"]["text/plain"] == repr((RAISED + "as told\n", 1))


@pytest.mark.parametrize("code", ["raised", "exited"])
def test_only_what_an_error_says_is_left_out(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Shown(Echo):
        shows_errors = True

    monkeypatch.setattr(sys, "stderr", io.StringIO())
    echo = Shown()
    echo.output("stderr", b"one\n" + RAISED.encode() + b"as told\n")
    echo.ended(mc.MojoRuntimeError("as told", code=code))
    echo.close()
    said = "one\n" if code == "raised" else f"one\n{RAISED}as told\n"
    assert sys.stderr.getvalue() == said  # type: ignore[attr-defined]
