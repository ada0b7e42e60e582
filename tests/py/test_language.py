"""The language server: its life in the daemon with a scripted one, and what it says with the real one."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon import Daemon, Peer, Reply, alive, command_line, descendants, running, wait_until

ROOT = Path(__file__).resolve().parents[2]
FAKE_TOOLCHAIN = os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"
AREA = {
    "source": 'def area(w: Int, h: Int = 2) -> Int:\n    """How large it is."""\n    return w * h\n',
    "names": ["area"],
}


class Asking:
    """A peer that asks about texts."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.peer = Peer(daemon)

    def header(self, op: str, source: str, **more: Any) -> dict[str, Any]:
        """What to send; ``|`` in the source is the cursor."""
        before, cursor, _ = source.partition("|")
        if cursor:
            more |= {"line": before.count("\n") + 1, "column": len(before.rpartition("\n")[2]) + 1}
        header = self.daemon.run_header(source.replace("|", "", 1), op=op, **more)
        return {"deadline": 60, **header}

    def __call__(self, op: str, source: str, **more: Any) -> Reply:
        return self.peer.ask(**self.header(op, source, **more))

    def send(self, op: str, source: str, **more: Any) -> str:
        return self.peer.send(**self.header(op, source, **more))

    def labels(self, source: str, **more: Any) -> list[str]:
        return [item["label"] for item in self("complete", source, **more)["items"]]

    def errors(self, source: str, **more: Any) -> list[tuple[int, int, str]]:
        found = self("check", source, **more)["diagnostics"]
        return [(one["line"], one["column"], one["message"]) for one in found if one["kind"] == "error"]

    def told(self) -> list[str]:
        """What the scripted server was told."""
        return (self.daemon.toolchain / "language.log").read_text().split()

    def server(self) -> dict[str, Any]:
        (one,) = self.peer.ask(op="info")["languages"]
        return one

    def started(self) -> int:
        return self.peer.ask(op="info")["counters"]["language_servers"]


@pytest.fixture
def toolchain(tmp_path: Path) -> Path:
    copy = tmp_path / "modular"
    shutil.copytree(FAKE_TOOLCHAIN, copy, symlinks=True)
    (copy / "bin" / "mojo").write_text(f'#!/bin/sh\nexec {sys.executable} "{copy}/bin/mojo.py" "$@"\n')
    return copy


@pytest.fixture
def ask(tmp_path: Path, toolchain: Path) -> Iterator[Asking]:
    with running(tmp_path, toolchain, language_timeout=2, language_memory=120) as daemon:
        one = Asking(daemon)
        yield one
        one.peer.close()


# ---- its life, with a scripted one


def test_a_server_is_started_with_the_first_question_and_kept(ask: Asking) -> None:
    assert ask.started() == 0
    assert ask.errors("print(1)  # language: error wrong\n") == [(1, 1, "wrong")]
    assert ask.errors("print(2)  # language: error worse\n") == [(1, 1, "worse")]
    assert ask.told() == ["start", "didOpen", "didChange"]


def test_what_was_read_is_not_read_again(ask: Asking) -> None:
    source = "area(1)  # language: name area\n"
    ask("check", source)
    assert ask.labels("ar|ea(1)  # language: name area\n") == ["area"]
    assert ask("hover", "ar|ea(1)  # language: name area\n")["help"]["signature"] == "def area()"
    assert ask.told() == ["start", "didOpen", "completion", "hover"]


def test_names_are_kept_while_what_is_before_the_word_stands(ask: Asking) -> None:
    assert ask.labels("# language: name area\nprint(a|)") == ["area"]
    before = ask.told()
    assert ask.labels("# language: name area\nprint(ar|)") == ["area"]
    assert ask.labels("# language: name area\nprint(ax|)") == []
    assert ask.told() == before


def test_names_are_asked_for_before_the_user_does(ask: Asking) -> None:
    ask("check", "# language: name area\nprint(a|)")
    wait_until(lambda: "completion" in ask.told(), what="the question that was foreseen")
    before = ask.told()
    assert ask.labels("# language: name area\nprint(ar|)") == ["area"]
    assert ask.told() == before


@pytest.mark.parametrize("fault", ["die", "garbage", "hang"])
def test_a_server_that_fails_once_is_replaced_and_never_seen(ask: Asking, fault: str) -> None:
    source = f"# language: {fault} once\nprint(1)  # language: error wrong\n"
    assert ask.errors(source) == [(2, 1, "wrong")]
    assert ask.started() == 2


@pytest.mark.parametrize("fault", ["die", "garbage", "hang"])
def test_a_server_that_fails_on_a_cell_is_an_error_and_the_next_cell_works(ask: Asking, fault: str) -> None:
    said = ask("check", f"# language: {fault}\n")
    assert said["code"] == "toolchain_failed"
    assert "can still be run" in said["hint"]
    assert ask.errors("print(1)  # language: error wrong\n") == [(1, 1, "wrong")]


def test_kill_9_between_two_questions_is_not_noticed(ask: Asking) -> None:
    ask("check", "print(1)\n")
    pid = ask.server()["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), what="its end")
    assert ask.errors("print(2)  # language: error wrong\n") == [(1, 1, "wrong")]
    assert ask.server()["pid"] != pid


def test_a_server_that_grows_at_work_is_replaced(ask: Asking) -> None:
    ask("check", "print(1)\n")
    ask("check", "print(2)\n")
    source = "# language: swell 200 once\nprint(3)  # language: error wrong\n"
    assert ask.errors(source) == [(2, 1, "wrong")]
    assert ask.started() == 2


def test_a_server_that_has_grown_is_renewed_while_nobody_waits(ask: Asking) -> None:
    ask("check", "print(1)\n")
    ask("check", "# language: grow 90 once\n")
    ask("check", "print(2)  # language: error wrong\n")
    wait_until(lambda: ask.started() == 2 and ask.server()["rss"] < 90 << 20, what="a smaller one")
    told = ask.told()
    assert ask.errors("print(2)  # language: error wrong\n") == [(1, 1, "wrong")]
    assert ask.told() == told  # the new one had read it


def test_of_texts_that_wait_the_newest_is_read(ask: Asking) -> None:
    ask("check", "print(0)\n")
    first = ask.send("check", "# language: sleep 0.5\n", cell="a")
    wait_until(lambda: ask.told().count("didChange") == 1, what="a server at work")
    older = [ask.send("check", f"print({number})\n", cell="a") for number in range(1, 5)]
    newest = ask.send("check", "print(5)  # language: error wrong\n", cell="a")
    other = ask.send("check", "print(6)\n", cell="b")
    answers: dict[str, dict[str, Any]] = {}
    while len(answers) < 7:
        header, _ = ask.peer.receive()
        answers[header["id"]] = header
    assert {answers[one].get("code") for one in (first, *older)} == {"cancelled"}
    assert [item["message"] for item in answers[newest]["diagnostics"]] == ["wrong"]
    assert answers[other]["ok"]
    assert ask.told().count("didChange") == 3


def test_a_deadline_is_kept_and_the_server_goes_on(ask: Asking) -> None:
    ask("check", "print(0)\n")
    assert ask("check", "# language: sleep 1\n", deadline=0.1)["code"] == "timeout"
    assert ask.errors("print(2)  # language: error wrong\n") == [(1, 1, "wrong")]
    assert ask.started() == 1


def test_a_question_can_be_cancelled(ask: Asking) -> None:
    slow = ask.send("check", "# language: sleep 1\n")
    ask.peer.send(op="cancel", target=slow)
    assert ask.peer.collect(slow)["code"] == "cancelled"
    assert ask.errors("print(2)  # language: error wrong\n") == [(1, 1, "wrong")]


def test_a_compiler_without_a_language_server_says_so(ask: Asking, toolchain: Path) -> None:
    (toolchain / "bin" / "mojo-lsp-server").unlink()
    said = ask("check", "print(1)\n")
    assert said["code"] == "not_found"
    assert "mojo-lsp-server" in said["message"]
    assert ask("check", "print(1\n")["diagnostics"][0]["message"] == "'(' is never closed"


def test_nothing_of_it_outlives_the_daemon(tmp_path: Path, toolchain: Path) -> None:
    with running(tmp_path, toolchain) as daemon:
        ask = Asking(daemon)
        ask("check", "print(1)\n")
        servers = [pid for pid in descendants(daemon.pid) if "language.py" in command_line(pid)]
        assert servers
        assert daemon.process
        daemon.process.kill()
        wait_until(lambda: not any(map(alive, servers)), what="the end of its language server")


# ---- what needs none


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        ("print((1, 2)\n", "'(' is never closed", (1, 6)),
        ("x = [1\nprint(2)\n", "'[' is never closed", (1, 5)),
        ("print(1))\n", "')' closes nothing that is open here", (1, 9)),
        ("print([1)\n", "')' closes nothing that is open here", (1, 9)),
        ('print("äö😀", "abc\n', "this string is never closed", (1, 14)),
    ],
)
def test_what_needs_no_server_starts_none(
    ask: Asking, source: str, message: str, place: tuple[int, int]
) -> None:
    assert ask.errors(source) == [(*place, message)]
    assert ask.errors("def main():\n    pass\nprint(1)\n", quick=True)[0][2].startswith(
        "the cell has both 'main'"
    )
    assert ask("check", "nonsense here\n", quick=True)["diagnostics"] == []
    assert ask.started() == 0


@pytest.mark.parametrize("source", ["# a comm|ent", 'print("in a str|ing")', "x = 12|", "print(1)|", "var |"])
def test_where_there_are_no_names_nobody_is_asked(ask: Asking, source: str) -> None:
    assert ask.labels(source) == []
    assert ask.started() == 0


def test_a_place_outside_of_the_cell_is_refused(ask: Asking) -> None:
    assert ask("hover", "print(1)", line=3, column=1)["code"] == "invalid_request"


# ---- the formatter


def test_a_cell_is_formatted(ask: Asking) -> None:
    assert ask("format", "var x = 1   \n")["source"] == "var x = 1\n"


@pytest.mark.parametrize(
    ("word", "failed", "code"), [("refuse", "failure", "invalid_cell"), ("fail", None, "toolchain_failed")]
)
def test_a_formatter_that_fails_says_so(ask: Asking, word: str, failed: str | None, code: str) -> None:
    said = ask("format", f"# format: {word}\n").last
    assert (said[failed] if failed else said)["code"] == code


def test_a_formatter_that_hangs_is_ended(ask: Asking) -> None:
    assert ask("format", "# format: hang\n", deadline=0.2)["code"] == "timeout"
    wait_until(
        lambda: not [pid for pid in descendants(ask.daemon.pid) if "mblack" in command_line(pid)],
        what="the end of the formatter",
    )


# ---- with the real one


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with running(tmp_path_factory.mktemp("language"), Path(os.environ["MOJOCELL_TEST_TOOLCHAIN"])) as daemon:
        one = Asking(daemon)
        yield one
        one.peer.close()


def test_errors_are_at_the_cells_lines_and_characters(real: Asking) -> None:
    source = 'def f() -> Int:\n    return total\nvar total = 3\nprint("äö😀日本", undefd, 1)\ntotal\n'
    assert real.errors(source) == [
        (2, 12, "use of unknown declaration 'total'"),
        (4, 16, "use of unknown declaration 'undefd'"),
    ]
    assert real("check", source)["diagnostics"][0]["hint"].startswith("pass it as an argument")


def test_a_cell_knows_the_definitions_that_it_is_given(real: Asking) -> None:
    assert real.errors("print(area(3))\n", using=[AREA]) == []
    assert real.errors("print(area(3))\n") == [(1, 7, "use of unknown declaration 'area'")]


def test_a_cell_knows_its_inputs(real: Asking) -> None:
    given = [{"name": "a", "type": "Span[Float64]"}]
    assert real.errors("print(len(a))\nprint(a.nothing)\n", inputs=given) == [
        (2, 7, "'Span[Float64, ImmutAnyOrigin]' value has no attribute 'nothing'")
    ]


def test_what_a_run_repairs_is_a_warning_with_the_repair(real: Asking) -> None:
    said = real("check", "x = 5\nprint(x)\n")
    assert [one["kind"] for one in said["diagnostics"]] == ["warning"]
    assert said["source"] == "var x = 5\nprint(x)\n"
    kept = real("check", "x = 5\nprint(x)\n", modernize=False)
    assert [one["kind"] for one in kept["diagnostics"]] == ["error"]
    assert "source" not in kept.last


LIST = "var xs: List[Int] = [1]\n"


@pytest.mark.parametrize(
    ("source", "label"),
    [
        (LIST + "xs.|\nprint(2)\n", "append"),
        (LIST + "xs.ap|\nprint(2)\n", "append"),
        (LIST + "print(xs.|\nprint(2)\n", "append"),
        (LIST + "if len(xs) > 1:\n    xs.ap|\n", "append"),
        ("print(|", "area"),
        ("print(|)\n", "area"),
        ("print(ar|", "area"),
        ("ar|\n", "area"),
        ('print("äö😀", are|a(3))\n', "area"),
        ("def f():\n    ar|\n", "area"),
        ("var q: Li|\n", "List"),
        ("from std.ma|\n", "math"),
        ("from std.math import sq|\n", "sqrt"),
        ("import std.|\n", "math"),
    ],
)
def test_names_are_found_where_somebody_writes(real: Asking, source: str, label: str) -> None:
    assert label in real.labels(source, using=[AREA])


def test_a_name_has_its_signature_and_its_kind(real: Asking) -> None:
    (item,) = [one for one in real("complete", "print(ar|", using=[AREA])["items"] if one["label"] == "area"]
    assert item == {
        "label": "area",
        "kind": "function",
        "signature": "def area(w: Int, h: Int = Int(2)) -> Int",
    }


@pytest.mark.parametrize(
    ("op", "source"),
    [("hover", "print(ar|ea(3))\n"), ("signature", "print(area(3, |"), ("signature", "area(|)\n")],
)
def test_help_tells_signature_and_documentation(real: Asking, op: str, source: str) -> None:
    told = real(op, source, using=[AREA])["help"]
    assert told["signature"] == "def area(w: Int, h: Int = Int(2)) -> Int"
    assert told["text"] == "def area(w: Int, h: Int = Int(2)) -> Int\n\nHow large it is."
    assert "```mojo\n" in told["markdown"]
    assert told.get("argument") == {"hover": None, "signature": source.count(",")}[op]


def test_help_of_nothing_is_none(real: Asking) -> None:
    assert real("signature", "var x = 1|\n")["help"] is None
    assert real("hover", "var x =| 1\n")["help"] is None


def test_a_cell_of_the_real_formatter(real: Asking) -> None:
    assert real("format", "var x=3\nprint( x )")["source"] == "var x = 3\nprint(x)\n"
    assert real("format", "def f(\n").last["failure"]["code"] == "invalid_cell"


def test_forty_cells_of_editing_stay_within_the_memory(real: Asking) -> None:
    most = 0
    for number in range(40):
        assert real.errors(f"print(area({number}), nothing{number})\n", using=[AREA]) == [
            (1, 15 + len(str(number)), f"use of unknown declaration 'nothing{number}'")
        ]
        most = max(most, sum(one["rss"] for one in real.peer.ask(op="info")["languages"]))
    assert most < 400 << 20
