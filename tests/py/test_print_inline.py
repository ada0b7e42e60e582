"""What a Mojo function prints is what Python prints: in its order, and wherever sys.stdout goes."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mojocell as mc
from kernels import kernel

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = """
from std.sys import stderr

def hello(n: Int):
    for i in range(n):
        print("π", i)

def both(n: Int):
    for i in range(n):
        print("out", i)
        print("err", i, file=stderr)

def fails() raises:
    print("before")
    raise Error("as told")

def crashes(n: Int) -> Int:
    print("before")
    var values = [1, 2, 3]
    return values[n]

def prints_for_ever(n: Int) -> Int:
    var k = n
    while k != 0:
        print("again")
        k += 2
    return k

def silent(n: Int) -> Int:
    return n * n
"""

pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture(scope="module", params=["holds", "nogil", "isolated"])
def module(request: pytest.FixtureRequest, service: Path) -> mc.MojoModule:
    """The same functions, in each way of calling them."""
    mode = "isolated" if request.param == "isolated" else "inline"
    return mc.compile(SOURCE, mode=mode, nogil=request.param == "nogil")


def captured(function: object, *arguments: object) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(mc.MojoError):
        print("one")
        function(*arguments)  # type: ignore[operator]
        print("two")
    return out.getvalue()


def test_its_prints_stand_between_those_of_python(module: mc.MojoModule) -> None:
    assert captured(module.hello, 3) == "one\nπ 0\nπ 1\nπ 2\ntwo\n"
    assert captured(module.silent, 3) == "one\ntwo\n"


def test_a_flood_is_whole(module: mc.MojoModule) -> None:
    expected = "".join(f"π {i}\n" for i in range(20_000))
    assert captured(module.hello, 20_000) == f"one\n{expected}two\n"


def test_each_stream_goes_to_its_own(module: mc.MojoModule) -> None:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        module.both(500)
    assert out.getvalue() == "".join(f"out {i}\n" for i in range(500))
    assert err.getvalue() == "".join(f"err {i}\n" for i in range(500))


def test_what_was_printed_before_a_failure_is_there(module: mc.MojoModule) -> None:
    assert captured(module.fails) == captured(module.crashes, 7) == "one\nbefore\n"


def test_what_the_stream_raises_ends_the_call(module: mc.MojoModule) -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise ValueError("it is closed")

    with contextlib.redirect_stdout(Closed()), pytest.raises(ValueError, match="it is closed"):
        module.prints_for_ever(1)
    assert module.silent(3) == 9
    assert captured(module.hello, 1) == "one\nπ 0\ntwo\n"


def test_a_stream_without_such_characters_gets_them_escaped(module: mc.MojoModule) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    with contextlib.redirect_stdout(stream):
        module.hello(1)
    stream.flush()
    assert raw.getvalue() == b"\\u03c0 0\n"


def turned(function: Callable[[int], object], n: int) -> str:
    """Return what a call writes to the two streams, as it comes."""
    written = io.StringIO()
    with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written):
        function(n)
    return written.getvalue()


def by_turns(n: int) -> str:
    return "".join(f"out {i}\nerr {i}\n" for i in range(n))


def test_the_streams_turn_as_they_were_written(module: mc.MojoModule) -> None:
    for n in (3000, 1, 2):
        assert turned(module.both, n) == by_turns(n)


def test_the_streams_turn_as_they_were_written_where_a_workers_files_begin_anew() -> None:
    module = mc.compile(SOURCE, mode="isolated")
    for n in (400_000, 2):
        assert turned(module.both, n) == by_turns(n)


def test_what_a_child_writes_is_between_what_stands_before_and_after() -> None:
    source = """
from std.ffi import external_call
from std.sys import stderr

def parent(_n: Int):
    print("one", file=stderr)
    print("two")
    _ = external_call["system", Int32](StaticString("echo three; echo four").unsafe_ptr())
    print("five", file=stderr)
    _ = external_call["system", Int32](StaticString("echo six >&2").unsafe_ptr())
    print("seven")
"""
    module = mc.compile(source)
    assert turned(module.parent, 1).split() == ["one", "two", "three", "four", "five", "six", "seven"]


def test_a_stream_may_call_mojo_again() -> None:
    module = mc.compile(SOURCE, mode="inline")
    calls: list[tuple[str, int, str]] = []

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            with contextlib.redirect_stdout(io.StringIO()) as inner:
                module.hello(1)
            calls.append((text, module.silent(3), inner.getvalue()))
            return len(text)

    with contextlib.redirect_stdout(Stream()):
        module.hello(2)
    assert calls == [("π 0\n", 9, "π 0\n"), ("π 1\n", 9, "π 0\n")]


def test_ctrl_c_ends_what_prints_for_ever() -> None:
    module = mc.compile(SOURCE, mode="inline")
    seen = threading.Event()

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            seen.set()
            return len(text)

    def interrupt() -> None:
        seen.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    for nogil in (False, True):
        function = module.prints_for_ever if not nogil else mc.compile(SOURCE, nogil=True).prints_for_ever
        seen.clear()
        sender = threading.Thread(target=interrupt)
        sender.start()
        with contextlib.redirect_stdout(Stream()), pytest.raises(KeyboardInterrupt):
            function(1)
        sender.join()
        assert module.silent(3) == 9


def test_in_a_script_its_lines_are_in_order_in_a_pipe() -> None:
    text = f"""
        import mojocell as mc
        module = mc.compile({SOURCE!r}, mode="inline")
        print("one")
        module.hello(1)
        print("two")
    """
    words = [sys.executable, "-c", textwrap.dedent(text)]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout == "one\nπ 0\ntwo\n"


def test_a_kernel_captures_them_and_shows_them_in_order(tmp_path: Path) -> None:
    with kernel(tmp_path) as shell:
        assert shell.run("%load_ext mojocell").status == "ok"
        assert shell.run("%%mojo --mode inline" + SOURCE).status == "ok"
        assert shell.run("%%capture kept\nprint('one')\nhello(1)\nprint('two')").status == "ok"
        assert shell.run("kept.stdout").messages[-1][2]["data"]["text/plain"] == repr("one\nπ 0\ntwo\n")
        assert shell.run("print('one'); hello(1); print('two')").stream() == "one\nπ 0\ntwo\n"
        outcome = shell.run("both(50)")
        assert outcome.stream() == "".join(f"out {i}\n" for i in range(50))
        assert outcome.stream("stderr") == "".join(f"err {i}\n" for i in range(50))
