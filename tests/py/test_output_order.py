"""Two streams arrive in the order in which a program wrote to them."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

import mojocell as mc
from mojocell.show import output as show

LINES = 3000

ALTERNATING = f"""
from std.sys import stderr
def main():
    for i in range({LINES}):
        print("out", i)
        print("err", i, file=stderr)
"""

#: Its own lines, those of children, and after these more of its own than a pipe holds.
MIXED = """
from std.ffi import external_call
from std.sys import stderr
def main():
    print("one", file=stderr)
    print("two")
    _ = external_call["system", Int32](StaticString("echo three; echo four").unsafe_ptr())
    print("five", file=stderr)
    _ = external_call["system", Int32](StaticString("echo six >&2; echo seven >/dev/stderr").unsafe_ptr())
    print("eight")
    for i in range(4):
        print(String("long") * 30_000)
        print("err", i, file=stderr)
"""


#: Twice the window that a client gives.
FLOOD = """
from std.sys import stderr
def main():
    for i in range(2000):
        print(String("x") * 2_200, 2 * i)
        print(String("y") * 2_200, 2 * i + 1, file=stderr)
"""


def alternating(lines: int) -> str:
    return "".join(f"out {i}\nerr {i}\n" for i in range(lines))


pytestmark = pytest.mark.usefixtures("service")


def test_a_result_has_what_was_printed_in_its_order() -> None:
    result = mc.run(ALTERNATING)
    assert len(result.output) == 2 * LINES
    assert "".join(piece.text for piece in result.output) == alternating(LINES)
    assert [piece.stream for piece in result.output] == ["stdout", "stderr"] * LINES
    assert result.stdout == "".join(f"out {i}\n" for i in range(LINES))
    assert result.stderr == "".join(f"err {i}\n" for i in range(LINES))


def test_lines_come_many_at_a_time() -> None:
    from mojocell.core.request import Job

    lines = 10 * LINES
    result = Job(ALTERNATING.replace(str(LINES), str(lines))).execute()
    assert len(result.output) == 2 * lines
    assert len(result._taken) < lines // 10


def test_in_a_shell_both_streams_go_to_one_file_in_their_order(tmp_path: Path) -> None:
    source = tmp_path / "a.mojo"
    source.write_text(ALTERNATING)
    with (tmp_path / "both").open("wb") as file:
        command = [sys.executable, "-m", "mojocell", "run", str(source)]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=True)
    assert (tmp_path / "both").read_text() == alternating(LINES)


def test_what_children_write_is_between_what_stands_before_and_after() -> None:
    result = mc.run(MIXED)
    words = [word for piece in result.output for word in piece.text.split()]
    assert words[:8] == ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    assert words[8:] == [word for i in range(4) for word in ("long" * 30_000, "err", str(i))]


def test_what_is_printed_is_kept_in_order_while_it_comes(capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[str, str]] = []

    class Follower(show.Sink):
        def output(self, stream: str, data: bytes) -> None:
            seen.append((stream, data.decode()))

    from mojocell.core.request import Job

    result = Job(ALTERNATING).execute(Follower())
    assert result.ok and "".join(text for _, text in seen) == alternating(LINES)
    mc.run(ALTERNATING, echo=True)
    assert capfd.readouterr().out == result.stdout


def test_a_kernel_gets_a_limited_number_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, str]] = []

    class Stream:
        """As a kernel's: what is written goes out when it is flushed."""

        encoding = "utf-8"
        pub_thread = None

        def __init__(self, name: str) -> None:
            self.name = name

        def write(self, text: str) -> None:
            written.append((self.name, text))

        def flush(self) -> None:
            pass

    monkeypatch.setattr(sys, "stdout", Stream("stdout"))
    monkeypatch.setattr(sys, "stderr", Stream("stderr"))
    echo = show.Echo()
    for i in range(LINES):
        echo.output("stdout", f"out {i}\n".encode())
        echo.output("stderr", f"err {i}\n".encode())
    echo.close()
    turns = sum(1 for a, b in itertools.pairwise(written) if a[0] != b[0])
    assert turns <= show.TURNS + 1
    remark = [text for _, text in written if text.startswith("…")]
    assert len(remark) == 1
    assert "".join(text for _, text in written if text not in remark) == alternating(LINES)


def test_more_than_a_reader_may_be_behind_comes_in_the_same_order() -> None:
    result = mc.run(FLOOD)
    assert sum(len(piece.text) for piece in result.output) > 8 << 20
    assert [piece.text.split()[-1] for piece in result.output] == [str(i) for i in range(4000)]
