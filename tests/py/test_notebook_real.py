"""Cells in a real kernel with the real compiler: what a user sees."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from kernels import Kernel, execute, kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELLO = '%%mojo\ndef main():\n    print("hello from Mojo")\n'
TICKS = """%%mojo --out kept
from std.time import sleep
def main():
    for n in range(100):
        print("tick", n)
        sleep(0.2)
"""
CRASH = """%%mojo
def main():
    print("before")
    var values: List[Int] = [1, 2, 3]
    var i = 10
    print(values[i])
"""


@pytest.fixture(scope="module")
def shell(service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the extension, on the daemon of this test session."""
    with kernel(tmp_path_factory.mktemp("kernel")) as started:
        assert started.run("%load_ext mojocell").status == "ok"
        yield started


def test_a_program_is_compiled_once_and_then_comes_from_the_cache(shell: Kernel) -> None:
    first = shell.run("%%mojo -n hello -f" + HELLO[6:])
    assert first.status == "ok", first.error
    assert first.stream() == "hello from Mojo\n"
    assert first.displays()[-1].startswith(("compiled in", "joined"))
    second = shell.run("%%mojo -n hello" + HELLO[6:])
    assert second.stream() == "hello from Mojo\n"
    assert second.displays()[-1].startswith("cache hit · ran in ")


def test_output_comes_while_the_program_runs_and_stop_keeps_it(shell: Kernel) -> None:
    request = shell.start(TICKS)
    seen = shell.finish(request, until="tick 1\n")
    began = time.monotonic()
    shell.interrupt()
    outcome = shell.finish(request)
    assert time.monotonic() - began < 10
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert "Traceback" not in outcome.error
    printed = seen.stream() + outcome.stream()
    assert printed.startswith("tick 0\ntick 1\n")
    assert "tick 99" not in printed
    assert shell.run("print(kept, end='')").stream() == printed
    assert shell.run("print(1)").stream() == "1\n"


def test_stop_ends_a_compilation_too(shell: Kernel) -> None:
    request = shell.start(f"%%mojo\nprint('{os.getpid()}.{time.time_ns()} is not compiled')\n")
    outcome = shell.finish(request, kind="display_data")
    shell.interrupt()
    outcome = shell.finish(request, outcome=outcome)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert outcome.displays()[-1].startswith("stopped while it was compiled, after ")
    assert outcome.stream() == ""
    assert shell.run("print(1)").stream() == "1\n"


def test_an_index_out_of_range_shows_the_line_and_leaves_the_kernel_alone(shell: Kernel) -> None:
    outcome = shell.run(CRASH)
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "MojoCrash"
    assert "before\n" in outcome.stream()
    assert "index 10 is out of bounds" in outcome.error
    assert "cell:6:" in outcome.error
    assert "6 |     print(values[i])" in outcome.error
    assert "Traceback" not in outcome.error
    assert shell.run("print('alive')").stream() == "alive\n"


def test_a_compile_error_points_into_the_cell(shell: Kernel) -> None:
    outcome = shell.run("%%mojo\ndef main():\n    print(fibonaci(10))\n")
    assert outcome.reply["ename"] == "MojoCompileError"
    assert "cell:3:11: error: " in outcome.error
    assert "fibonaci" in outcome.error
    assert "3 |     print(fibonaci(10))\n    |           ^" in outcome.error
    assert "Traceback" not in outcome.error


def test_an_error_raised_by_main_is_shown(shell: Kernel) -> None:
    outcome = shell.run('%%mojo\ndef main() raises:\n    raise Error("boom")\n')
    assert outcome.reply["ename"] == "MojoRuntimeError"
    assert "boom" in outcome.error


def test_older_mojo_is_repaired_and_fix_gives_it_back(shell: Kernel) -> None:
    outcome = shell.run('%%mojo\nfn main():\n    print("fn in a string")  # fn in a comment\n')
    assert outcome.status == "ok", outcome.error
    assert outcome.stream() == "fn in a string\n"
    told = [text for text in outcome.displays() if "repair" in text]
    assert told
    assert "`fn` → `def` (line 2)" in told[0]
    payload = shell.run("%mojo_fix").reply["payload"]
    assert payload[0]["text"] == '%%mojo\ndef main():\n    print("fn in a string")  # fn in a comment'


def test_a_statement_takes_input_and_arguments(shell: Kernel) -> None:
    shell.run("given = 'Ada\\n'")
    outcome = shell.run(
        "%%mojo --stdin given --result r -- one 'two words'\n"
        "from std.sys import argv\n"
        'print("hello", input())\n'
        "for word in argv():\n"
        "    print(word)\n"
    )
    assert outcome.status == "ok", outcome.error
    assert outcome.stream().startswith("hello Ada\n")
    assert outcome.stream().endswith("one\ntwo words\n")
    assert shell.run("print(r.returncode, r.ok)").stream() == "0 True\n"


def test_a_flood_of_output_is_shown_head_and_tail(shell: Kernel) -> None:
    outcome = shell.run(
        "%%mojo --out text\n"
        "def main():\n"
        "    for n in range(400_000):\n"
        '        print("line number", n, "of a program that prints too much")\n'
    )
    assert outcome.status == "ok", outcome.error
    assert len(outcome.stream()) < 400_000
    assert outcome.stream().startswith("line number 0 of")
    assert outcome.stream().endswith("line number 399999 of a program that prints too much\n")
    assert "left out here" in outcome.stream()
    assert shell.run("print(text.count('\\n'))").stream() == "400000\n"


def test_definitions_are_compiled_and_listed(shell: Kernel) -> None:
    outcome = shell.run("%%mojo\ndef twice(n: Int) -> Int:\n    return 2 * n\n")
    assert outcome.status == "ok", outcome.error
    assert "bound twice\n  def twice(n: Int) -> Int" in outcome.displays()


def test_a_notebook_executed_twice_is_saved_the_same(service: Path, tmp_path: Path) -> None:
    cells = ["%load_ext mojocell", HELLO.replace("hello from", f"{os.getpid()} says hello to"), HELLO]
    first, second = execute(cells, tmp_path), execute(cells, tmp_path)
    assert first == second
    assert first[1][0]["text"] == f"{os.getpid()} says hello to Mojo\n"
    assert len(first[1]) == 1
