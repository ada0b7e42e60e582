"""%%mojo cells while they are written: Tab, Shift-Tab, what JupyterLab's extension asks, %mojo_format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernels import Typing, kernel, until_found
from scripted import FakeBridge, FakeError


def completed(ip: Any, text: str) -> list[str]:
    """The completions at ``|``, as Tab in a terminal has them."""
    from IPython.core.completer import provisionalcompleter

    before, _, after = text.partition("|")
    with provisionalcompleter():
        return [one.text for one in ip.Completer.completions(before + after, len(before))]


@pytest.mark.parametrize(
    ("text", "there", "not_there"),
    [
        ("%%mojo --al|", ["--alone"], ["--as"]),
        ("%%mojo -|", ["-O", "-I", "--timeout", "--alone"], []),
        ("%%mojo --mode |", ["inline", "isolated", "cached", "run"], ["--alone"]),
        ("%%mojo --mode is|\nprint(1)", ["isolated"], ["inline"]),
        ("\n%%mojo -O1 --tim|\nprint(1)", ["--timeout"], []),
        ("%%mojo -i given_|", ["given_one", "given_two"], ["other"]),
        ("%%mojo -- --tim|", [], ["--timeout"]),
    ],
)
def test_the_magics_own_options_complete_without_a_daemon(
    ip: Any, bridge: FakeBridge, text: str, there: list[str], not_there: list[str]
) -> None:
    ip.user_ns.update(given_one=1, given_two=2, other=3)
    found = completed(ip, text)
    assert set(there) <= set(found)
    assert not set(not_there) & set(found)
    assert bridge.requests == []


def test_names_complete_at_the_cells_place(ip: Any, bridge: FakeBridge) -> None:
    bridge.answers["complete"] = [{"items": [{"label": "append", "kind": "function"}], "prefix": "ap"}]
    assert completed(ip, "%%mojo -I lib --timeout 3\nvar x = '😀'\nxs.ap|\nprint(1)") == ["append"]
    asked = bridge.requests[-1]
    assert (asked["op"], asked["line"], asked["column"]) == ("complete", 3, 6)
    assert asked["source"] == "\nvar x = '😀'\nxs.ap\nprint(1)"
    assert asked["flags"] == ["-I", "lib"]


def test_python_cells_complete_as_ever(ip: Any, bridge: FakeBridge) -> None:
    ip.user_ns["some_name"] = 1
    assert "some_name" in completed(ip, "some_na|")
    assert bridge.requests == []


def test_where_there_is_no_answer_the_list_is_empty(ip: Any, bridge: FakeBridge) -> None:
    bridge.answers["complete"] = [FakeError("timeout", "the language server has no answer yet")]
    assert completed(ip, "%%mojo\nprint(ab|") == []
    assert completed(ip, "%%mojo --no-such-option\nprint(ab|") == []


def test_unloading_gives_completion_back(ip: Any, bridge: FakeBridge) -> None:
    before = len(ip.Completer.custom_matchers)
    ip.run_line_magic("unload_ext", "mojocell")
    assert len(ip.Completer.custom_matchers) == before - 1
    completed(ip, "%%mojo\nprint(ab|")
    assert bridge.requests == []


def test_the_last_cell_is_formatted_into_this_one(ip: Any, bridge: FakeBridge) -> None:
    bridge.answers["format"] = [{"source": "print(1)\n"}]
    assert "no %%mojo cell has run yet" in str(ip.run_cell("%mojo_format").error_in_exec)
    ip.run_cell("%%mojo -O1\nprint( 1 )")
    ip.run_cell("%mojo_format")
    assert ip.rl_next_input == "%%mojo -O1\nprint(1)"
    assert bridge.requests[-1]["source"] == "print( 1 )"


# ---- a kernel


@pytest.fixture(scope="module")
def typing(service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typing]:
    """A kernel with the extension and a cell that defines something; its language server is warm."""
    with kernel(tmp_path_factory.mktemp("writing")) as started:
        assert started.run("%load_ext mojocell").status == "ok"
        area = '%%mojo\ndef area(w: Int, h: Int = 2) -> Int:\n    """How large it is."""\n    return w * h\n'
        assert started.run(area, cell_id="first").status == "ok"
        one = Typing(started)
        one.answer(one.ask("check", "%%mojo\nprint(area(2))\n", "warm"))
        yield one


def test_tab_completes_members_and_what_other_cells_define(typing: Typing) -> None:
    members = until_found(typing.tab, "%%mojo\nvar xs: List[Int] = [1]\nvar s = '😀'; xs.ap|", "matches")
    assert members["matches"] == ["append"]
    assert (members["cursor_start"], members["cursor_end"]) == (47, 49)
    assert "area" in until_found(typing.tab, "%%mojo -O1\nprint(ar|", "matches")["matches"]
    assert typing.tab("%%mojo --alo|")["matches"] == ["--alone"]


def test_shift_tab_shows_signature_and_documentation(typing: Typing) -> None:
    told = until_found(typing.shift_tab, "%%mojo\nprint(ar|ea(3))", "found")
    assert told["data"]["text/plain"].startswith("def area(w: Int, h: Int")
    assert told["data"]["text/plain"].endswith("How large it is.")
    assert "```mojo" in told["data"]["text/markdown"]
    assert until_found(typing.shift_tab, "%%mojo\nprint(area(3, |", "found")["data"] == told["data"]
    assert typing.shift_tab("%%mojo\n|")["found"] is False
    assert typing.shift_tab("pri|nt")["found"]


def test_what_is_wrong_is_told_while_typing(typing: Typing) -> None:
    said = typing.answer(typing.ask("check", "%%mojo\nprint(area(2), nothing)\n"))
    assert [(one["kind"], one["line"], one["column"], one["end_column"]) for one in said["diagnostics"]] == [
        ("error", 2, 16, 23)
    ]
    repaired = typing.answer(typing.ask("check", "\n%%mojo -O1\nx = 5\nprint(x)\n"))
    assert repaired["fix"] == "\n%%mojo -O1\nvar x = 5\nprint(x)\n"
    assert typing.answer(typing.ask("check", "print(1"))["diagnostics"] == []


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("%%mojo\nprint((1)\n", 2, 6, "'(' is never closed"),
        (
            "\n%%mojo -O1 --timeoot 3\nprint(1)\n",
            2,
            12,
            "there is no option --timeoot; did you mean --timeout?",
        ),
        ("%%mojo -i nowhere\nprint(nowhere)\n", 1, 8, "-i nowhere: there is no variable nowhere"),
        ("%%mojo\ndef main():\n    pass\nprint(1)\n", 1, None, "the cell has both 'main' (line 2)"),
    ],
)
def test_what_needs_no_server_is_told_at_once(
    typing: Typing, text: str, line: int, column: int | None, message: str
) -> None:
    (one,) = typing.answer(typing.ask("check", text, quick=True))["diagnostics"]
    assert (one["line"], one["kind"]) == (line, "error")
    assert one["message"].startswith(message)
    assert column is None or one["column"] == column


def test_a_cell_is_formatted_below_its_magic(typing: Typing) -> None:
    assert typing.answer(typing.ask("format", "%%mojo -O1\nvar x=3"))["text"] == "%%mojo -O1\nvar x = 3"
    assert "cannot read" in typing.answer(typing.ask("format", "%%mojo\ndef f("))["error"]


def test_unloading_gives_inspection_back(typing: Typing) -> None:
    assert typing.shell.run("%unload_ext mojocell").status == "ok"
    try:
        assert typing.shift_tab("%%mojo\nvar x: Li|st[Int] = [1]")["found"] is False
        assert typing.tab("%%mojo --alo|")["matches"] == []
    finally:
        assert typing.shell.run("%load_ext mojocell").status == "ok"
