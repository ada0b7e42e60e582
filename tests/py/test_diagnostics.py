"""Diagnostics: read from the wire, applied as fix-its, rendered."""

from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth

from mojocell.diagnostics import Diagnostic, FixIt, Note, apply_fixits, from_wire
from mojocell.show import layout

SOURCE = "\ndef main():\n\tvar 火 = foo(1)\n    print(火)\n"
texts = st.text(max_size=200)
lines = st.text(st.characters(exclude_characters="\n\r"), max_size=300)


def width(text: str) -> int:
    return sum(max(wcwidth(char), 0) for char in text)


def test_a_diagnostic_shows_place_severity_source_caret_notes_and_fixits() -> None:
    d = Diagnostic(
        "error",
        "use of unknown declaration 'foo'",
        3,
        10,
        3,
        13,
        notes=(Note("did you mean 'fo'?", 2, 5),),
        fixits=(FixIt(3, 10, 3, 13, "fo"),),
        hint="functions of other cells are not known here",
    )
    assert layout.paint(layout.diagnostics([d], source=SOURCE)).split("\n") == [
        "cell:3:10: error: use of unknown declaration 'foo'",
        "  3 |     var 火 = foo(1)",
        "    |              ^~~",
        "  cell:2:5: note: did you mean 'fo'?",
        "  2 | def main():",
        "    |     ^",
        "  fix-it: replace `foo` by `fo` at 3:10",
        "  hint: functions of other cells are not known here",
    ]


def test_a_diagnostic_without_a_place_is_a_line_of_its_own() -> None:
    assert (
        layout.paint(layout.diagnostics([Diagnostic("error", "out of memory")]))
        == "cell: error: out of memory"
    )


def test_a_diagnostic_in_another_file_names_it_and_takes_no_line_of_the_cell() -> None:
    d = Diagnostic("error", "no", 1, 1, source="import x", file="lib/x.mojo")
    text = layout.paint(
        layout.diagnostics([Diagnostic("error", "no", 9, 1, file="x.mojo"), d], source="the cell")
    )
    assert "the cell" not in text
    assert "lib/x.mojo:1:1: error: no" in text
    assert "import x" in text


def test_many_diagnostics_are_cut_and_counted() -> None:
    text = layout.paint(
        layout.diagnostics([Diagnostic("error", f"e{n}", 1, 1) for n in range(50)], source="x")
    )
    assert "e19" in text
    assert "e20" not in text
    assert "30 more" in text


def test_text_that_could_command_a_terminal_does_not_reach_it() -> None:
    d = Diagnostic("error", "bad \x1b[2J thing", 1, 1, source="x = '\x1b]0;owned\x07'", hint="a\x1bb")
    assert "\x1b" not in layout.paint(layout.diagnostics([d]))


def test_html_is_escaped() -> None:
    d = Diagnostic("error", "<script>alert(1)</script>", 1, 1, source="<b>&'\"")
    page = layout.html(layout.diagnostics([d]))
    assert "<script" not in page
    assert "<b>" not in page
    assert html.unescape(re.sub(r"<[^>]*>", "", page)) == layout.paint(layout.diagnostics([d]))


@given(lines, st.integers(1, 320), st.integers(1, 320), st.sampled_from([20, 80, 10_000]))
def test_the_caret_stands_below_its_character(source: str, column: int, length: int, room: int) -> None:
    shown, caret = layout.excerpt(source, column, column + length, room)
    assert width(shown) <= max(room, 20)
    cells = layout._cells(source.rstrip("\r\n"))
    at = min(column - 1, len(cells))
    position = len(caret) - len(caret.lstrip(" "))
    assert caret.strip(" ")[0] == "^"
    assert set(caret.strip(" ")[1:]) <= {"~"}
    first, _ = layout._window(cells, at, room)
    before = "".join(text for text, _ in cells[first:at])
    prefix = ("…" if first else "") + before
    assert shown.startswith(prefix)
    assert position == width(prefix)


@given(lines)
def test_what_is_shown_of_a_line_has_no_control_characters(source: str) -> None:
    shown, _ = layout.excerpt(source, 1)
    assert not [c for c in shown if unicodedata.category(c) == "Cc"]


@given(
    st.lists(
        st.builds(
            Diagnostic, st.sampled_from(["error", "warning"]), texts, st.integers(1, 9), st.integers(1, 99)
        )
    ),
    texts,
)
def test_colours_add_nothing_to_the_words(items: list[Diagnostic], source: str) -> None:
    lines = layout.diagnostics(items, source=source)
    for palette in layout.PALETTES:
        assert re.sub(r"\x1b\[[0-9;]*m", "", layout.paint(lines, palette)) == layout.paint(lines)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2000) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "kind": st.sampled_from(["error", "warning", "note"]),
                "message": texts | st.none(),
                "line": st.integers(-1, 2000) | st.none(),
                "column": st.integers(-1, 2000) | st.none(),
                "end_line": st.integers(-1, 2000) | st.none(),
                "end_column": st.integers(-1, 2000) | st.none(),
                "source": texts | st.none(),
                "notes": st.lists(
                    st.fixed_dictionaries({"message": texts}, optional={"line": st.integers(-1, 20)}),
                    max_size=3,
                ),
                "fixits": st.lists(
                    st.fixed_dictionaries(
                        {"line": st.integers(0, 9), "column": st.integers(0, 99), "text": texts},
                        optional={"end_line": st.integers(0, 9), "end_column": st.integers(0, 99)},
                    ),
                    max_size=3,
                ),
                "future": json_values,
            },
        )
    ),
    texts,
)
def test_whatever_comes_over_the_wire_is_rendered_and_applied(
    items: list[dict[str, object]], source: str
) -> None:
    found = from_wire(items)
    assert len(found) == len(items)
    text = layout.paint(layout.diagnostics(found, source=source))
    assert len(text.split("\n")) >= min(len(items), layout.SHOWN)
    assert isinstance(apply_fixits(source, found), str)


def test_fixits_are_applied_together_and_only_those_of_errors() -> None:
    source = "fn a(): x = 1\nfn b(): pass\n"
    found = [
        Diagnostic("error", "fn", 2, 1, fixits=(FixIt(2, 1, 2, 3, "def"),)),
        Diagnostic("error", "fn", 1, 1, fixits=(FixIt(1, 1, 1, 3, "def"),)),
        Diagnostic("error", "var", 1, 9, fixits=(FixIt(1, 9, 1, 9, "var "),)),
        Diagnostic("warning", "style", 2, 9, fixits=(FixIt(2, 9, 2, 13, "return"),)),
    ]
    assert apply_fixits(source, found) == "def a(): var x = 1\ndef b(): pass\n"


def test_a_fixit_proposed_twice_is_applied_once_and_overlapping_ones_do_not_mix() -> None:
    twice = Diagnostic("error", "", 1, 1, fixits=(FixIt(1, 1, 1, 3, "def"),))
    over = Diagnostic("error", "", 1, 2, fixits=(FixIt(1, 2, 1, 5, "XXX"),))
    assert apply_fixits("fn f()", [twice, twice, over]) == "def f()"


@pytest.mark.parametrize("place", [(0, 1), (1, 99), (7, 1)])
def test_a_fixit_outside_of_the_source_is_left_out(place: tuple[int, int]) -> None:
    bad = Diagnostic("error", "", 1, 1, fixits=(FixIt(*place, *place, "x"),))
    assert apply_fixits("a", [bad]) == "a"


@given(lines.filter(lambda s: "\n" not in s), st.data())
def test_a_fixit_replaces_exactly_its_range(source: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(1, len(source) + 1))
    end = data.draw(st.integers(start, len(source) + 1))
    fix = Diagnostic("error", "", 1, 1, fixits=(FixIt(1, start, 1, end, "NEW"),))
    assert apply_fixits(source, [fix]) == source[: start - 1] + "NEW" + source[end - 1 :]
