"""A program that reads standard input asks through the front end; the real compiler."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mojocell
from kernels import Kernel, kernel
from mojocell.core import client
from mojocell.core.request import Job
from mojocell.show.output import Sink

PROGRAM = """
def main() raises:
    print("before")
    var name = input("Name? ")
    var age = Int(input("Age? "))
    print("hello", name, age + 1)
"""

#: Until the end of the input, with a word after each line.
LINES = """
def main() raises:
    var count = 0
    while True:
        try:
            print("got", input())
            count += 1
        except:
            break
    print(count, "lines")
"""

INSIDE = """
from std.python import Python

def main() raises:
    var builtins = Python.import_module("builtins")
    var first = builtins.input("first? ")
    print("Mojo has", String(first))
    print("Mojo reads", input("second? "))
    print("a child finds", String(Python.import_module("os").popen("cat; echo nothing").read()), end="")
"""

CHILD = """
from std.subprocess import run

def main() raises:
    print("a child finds", run("cat; echo nothing"))
    print(input("and you? "))
"""

MIXED = """
from std.sys import stderr

def main() raises:
    for n in range(20):
        print("out", n)
        print("err", n, file=stderr)
    print("sure? ", end="")
    print(input())
"""

SPIN = """
def main() raises:
    var line = input("go? ")
    var x = line.byte_length()
    while x != -1:
        x = (x * 5 + 1) & 1023
"""


FUNCTIONS = """%%mojo
def greeting(prompt: String) raises -> String:
    return "hello " + input(prompt)

def total() raises -> Int:
    var sum = 0
    for _ in range(3):
        sum += Int(input())
    return sum
"""


class Answers(Sink):
    """Follows a program and answers its questions."""

    def __init__(self, *answers: str | BaseException) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.printed: list[tuple[str, bytes]] = []
        self.at_questions: list[bytes] = []
        self.reader: Callable[[str], str] = self.ask

    def ask(self, question: str) -> str:
        self.asked.append(question)
        self.at_questions.append(b"".join(data for _, data in self.printed))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def output(self, stream: str, data: bytes) -> None:
        self.printed.append((stream, data))

    def shown(self, *streams: str) -> str:
        return b"".join(data for stream, data in self.printed if stream in (streams or (stream,))).decode()


def execute(source: str, sink: Sink, **asked: Any) -> mojocell.RunResult:
    return Job(source, **asked).execute(sink)


@pytest.fixture(scope="module")
def shell(service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the extension, on the daemon of this test session."""
    with kernel(tmp_path_factory.mktemp("kernel")) as started:
        assert started.run("%load_ext mojocell").status == "ok"
        yield started


def test_a_cell_asks_through_the_front_end(shell: Kernel) -> None:
    outcome, asked = shell.run_answering("%%mojo" + PROGRAM, "Ada Lovelace", "36")
    assert outcome.status == "ok", outcome.error
    assert asked == ["Name? ", "Age? "]
    assert outcome.stream() == "before\nhello Ada Lovelace 37\n"


def test_a_front_end_that_cannot_be_asked_is_told_of_stdin(shell: Kernel) -> None:
    outcome = shell.run("%%mojo" + PROGRAM, reader=False)
    assert "--stdin NAME" in outcome.error
    assert outcome.stream().startswith("before\nName? ")


def test_what_stdin_gives_is_not_asked_for(shell: Kernel) -> None:
    assert shell.run("given = 'Bo\\n'").status == "ok"
    outcome = shell.run("%%mojo --stdin given\ndef main() raises:\n    print(input())\n")
    assert outcome.stream() == "Bo\n"


def test_stop_ends_a_program_that_waits_for_an_answer(shell: Kernel) -> None:
    request = shell.start("%%mojo" + PROGRAM)
    assert shell.question() == "Name? "
    shell.interrupt()
    outcome = shell.finish(request)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert "stopped" in outcome.displays()[-1]
    again, asked = shell.run_answering("%%mojo" + PROGRAM, "Bo", "1")
    assert again.status == "ok", again.error
    assert asked == ["Name? ", "Age? "]


def test_the_end_of_the_input_can_be_told(shell: Kernel) -> None:
    outcome, asked = shell.run_answering("%%mojo" + LINES, "one", "", "\x04")
    assert outcome.status == "ok", outcome.error
    assert asked == ["", "", ""]
    assert outcome.stream() == "got one\ngot \n2 lines\n"


def test_a_printed_value_asks_too(shell: Kernel) -> None:
    outcome, asked = shell.run_answering('%%mojo\nvar x = Int(input("x? "))\nx * 2\n', "21")
    assert outcome.status == "ok", outcome.error
    assert asked == ["x? "]
    assert outcome.stream() == "42\n"


def test_python_inside_mojo_asks_and_what_it_starts_finds_nothing(service: Path) -> None:
    sink = Answers("a", "b")
    result = execute(INSIDE, sink)
    assert result.error is None, result.error
    assert sink.asked == ["first? ", "second? "]
    assert sink.shown() == "Mojo has a\nMojo reads b\na child finds nothing\n"


def test_a_child_finds_an_empty_input(service: Path) -> None:
    sink = Answers("yes")
    result = execute(CHILD, sink)
    assert result.error is None, result.error
    assert sink.shown() == "a child finds nothing\nyes\n"


def test_all_that_was_printed_is_shown_before_the_question(service: Path) -> None:
    sink = Answers("yes")
    result = execute(MIXED, sink)
    assert result.error is None, result.error
    before = "".join(f"out {n}\nerr {n}\n" for n in range(20))
    assert sink.at_questions == [before.encode()]
    assert sink.asked == ["sure? "]
    assert sink.shown() == before + "yes\n"


def test_a_long_line_arrives_as_it_is(service: Path) -> None:
    line = "ä" * 100_000
    sink = Answers(line, "x", EOFError())
    result = execute(LINES, sink)
    assert result.error is None, result.error
    assert sink.shown() == f"got {line}\ngot x\n2 lines\n"


def test_an_answer_of_several_lines_is_read_line_by_line(service: Path) -> None:
    sink = Answers("a\nb", EOFError())
    result = execute(LINES, sink)
    assert sink.shown() == "got a\ngot b\n2 lines\n"
    assert result.error is None


def test_its_time_stands_still_while_it_waits(service: Path) -> None:
    """Answered after longer than the program may take, which then takes its time."""
    execute(SPIN, Answers(EOFError()))  # compiled
    limit = 1.0
    waited = threading.Event()

    class Slow(Answers):
        def ask(self, question: str) -> str:
            waited.wait(2 * limit)
            return super().ask(question)

    sink = Slow("go")
    result = execute(SPIN, sink, timeout=limit)
    assert sink.asked == ["go? "]
    assert isinstance(result.error, mojocell.MojoTimeout)
    assert result.times["run"] > 2 * limit


def test_who_does_not_read_is_not_asked_and_who_cannot_answer_gives_nothing(service: Path) -> None:
    sink = Answers()
    assert execute('def main():\n    print("quiet")\n', sink).error is None
    assert sink.shown() == "quiet\n"
    assert sink.asked == []
    frames: list[bytes] = []
    header = Job(LINES).header(frames)
    printed: list[bytes] = []
    client.request({**header, "asks": True}, frames, lambda _, data: printed.extend(data[:1]))
    assert b"".join(printed) == b"0 lines\n"


def test_an_error_of_who_is_asked_ends_the_program(service: Path) -> None:
    with pytest.raises(RuntimeError, match="nobody is there"):
        execute(PROGRAM, Answers(RuntimeError("nobody is there")))


def test_programs_that_ask_at_once_get_their_own_answers(service: Path) -> None:
    execute(PROGRAM, Answers("x", "1"))  # compiled
    sinks = [Answers(f"program {n}", str(n)) for n in range(4)]
    results: list[mojocell.RunResult] = []

    def follow(sink: Answers) -> None:
        results.append(execute(PROGRAM, sink))

    threads = [threading.Thread(target=follow, args=(sink,)) for sink in sinks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.error for result in results] == [None] * 4
    assert [sink.shown() for sink in sinks] == [f"before\nhello program {n} {n + 1}\n" for n in range(4)]


def test_a_function_in_the_kernel_asks_as_python_does(shell: Kernel) -> None:
    assert shell.run(FUNCTIONS).status == "ok"
    outcome, asked = shell.run_answering("print(greeting('who? ')); print(greeting.mode)", "Ada")
    assert outcome.status == "ok", outcome.error
    assert asked == [""]
    assert outcome.stream() == "who? hello Ada\ninline\n"
    outcome, asked = shell.run_answering("print(total() + int(input('and? ')))", "1", "2", "3", "4")
    assert outcome.stream() == "10\n"
    assert asked == ["", "", "", "and? "]


def test_a_function_that_waits_is_stopped_and_told_of_the_end(shell: Kernel) -> None:
    assert shell.run(FUNCTIONS).status == "ok"
    request = shell.start("total()")
    assert shell.question() == ""
    shell.interrupt()
    assert shell.finish(request).reply["ename"] == "KeyboardInterrupt"
    outcome, _ = shell.run_answering("greeting('')", "\x04")
    assert "EOF" in outcome.error
    outcome = shell.run("greeting('')", reader=False)
    assert "EOF" in outcome.error
    outcome, _ = shell.run_answering("total()", "1", "2", "3")
    assert outcome.status == "ok", outcome.error


def test_a_function_in_a_script_reads_what_python_would(
    service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = mojocell.compile(FUNCTIONS.removeprefix("%%mojo"))
    given = io.StringIO("1\n2\n3\nAda\nlast\n")
    monkeypatch.setattr("sys.stdin", given)
    assert functions.total() == 6
    assert given.readline() == "Ada\n"
    assert functions.greeting("") == "hello last"
    with pytest.raises(mojocell.MojoRuntimeError, match="EOF"):
        functions.greeting("")


def test_a_terminal_of_ipython_asks_at_its_prompt(service: Path, tmp_path: Path) -> None:
    cell = f"get_ipython().run_cell_magic('mojo', '--quiet', {PROGRAM!r})"
    code = f"get_ipython().run_line_magic('load_ext', 'mojocell')\n{cell}\nprint('the end')"
    options = ["--simple-prompt", "--no-banner", "--no-term-title", "-c", code]
    start = f"from IPython import start_ipython; start_ipython({options!r})"
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", start],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
        start_new_session=True,
    ) as process:
        os.close(theirs)
        seen = ""
        answers = {"Name? ": b"Ada\n", "Age? ": b"36\n"}
        while "the end\r\n" not in seen:
            seen += os.read(ours, 4096).decode()
            for question in [one for one in answers if seen.endswith(one)]:
                os.write(ours, answers.pop(question))
        process.wait()
        os.close(ours)
    assert process.returncode == 0, seen
    assert seen.replace("\r", "") == "before\nName? Ada\nAge? 36\nhello Ada 37\nthe end\n"
