"""How a program's input and its end are told: once, and with what to do."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

import mojocell as mc
from kernels import kernel
from mojocell.show.output import RAISED, Echo

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
