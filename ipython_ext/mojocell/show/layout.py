"""How diagnostics and failures look: one layout, as plain text, with ANSI colours, or as HTML.

A layout is a list of lines, each a list of ``(style, text)`` pieces. Colour repeats what the words
say and never adds to it, so the plain text is complete.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Literal, Protocol

from mojocell.show.definition import definition
from mojocell.show.html import escape, ink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mojocell.diagnostics import Diagnostic, FixIt, Note

    Line = list[tuple[str, str]]
    Layout = list[Line]


class Failure(Protocol):
    """What a failure tells of itself: the place in its source, where that is known."""

    message: str
    hint: str | None
    name: str
    source: str | None
    line: int | None
    column: int | None


Palette = Literal["plain", "weights", "colors"]

TAB = 4
#: The widest excerpt, in terminal columns; a longer line of source is cut around the place.
WIDTH = 110
#: A cell with more diagnostics than this shows the first ones and says how many are left.
SHOWN = 20

_BOLD = "\x1b[1m"
#: How styles look in text. A notebook shows a terminal's colours on a ground of its own, light or dark: no
#: red can be read on both, what is heavier can.
PALETTES: dict[Palette, dict[str, str]] = {
    "plain": {},
    "weights": dict.fromkeys(("error", "warning", "note", "hint", "fix", "place", "caret"), _BOLD),
    "colors": {
        "error": "\x1b[1;31m",
        "warning": "\x1b[1;35m",
        "note": "\x1b[36m",
        "hint": "\x1b[32m",
        "fix": "\x1b[32m",
        "place": _BOLD,
        "caret": "\x1b[31m",
        "gutter": "\x1b[2m",
        "dim": "\x1b[2m",
    },
}
_CSS = {
    "error": f"{ink('#c62828')};font-weight:bold",
    "warning": f"{ink('#8e24aa')};font-weight:bold",
    "note": ink("#00838f"),
    "hint": ink("#2e7d32"),
    "fix": ink("#2e7d32"),
    "place": "font-weight:bold",
    "caret": ink("#c62828"),
    "gutter": "opacity:.8",
    "dim": "opacity:.8",
}


# --- painting ---------------------------------------------------------------------------------


def paint(layout: Layout, palette: Palette = "plain") -> str:
    """Return a layout as text.

    Parameters
    ----------
    layout : list of list of (str, str)
        Lines of styled pieces.
    palette : {"plain", "weights", "colors"}
        What stands out by control sequences of terminals: nothing, by weight alone, by colours too.

    Examples
    --------
    >>> paint([[("error", "error"), ("", ": no")]])
    'error: no'
    """
    codes = PALETTES[palette]
    return "\n".join("".join(_ansi(codes.get(style), clean(text)) for style, text in line) for line in layout)


def _ansi(code: str | None, text: str) -> str:
    return f"{code}{text}\x1b[0m" if code and text else text


def html(layout: Layout) -> str:
    """Return a layout as one ``<pre>`` element; everything in it is escaped.

    Examples
    --------
    >>> "&lt;b&gt;" in html([[("", "<b>")]])
    True
    """
    body = "\n".join("".join(_span(style, text) for style, text in line) for line in layout)
    # What is wider than its place is moved by keyboard, too.
    style = "margin:0;white-space:pre;overflow-x:auto"
    return f'<pre class="mojocell" tabindex="0" style="{style}">{body}</pre>'


def _span(style: str, text: str) -> str:
    escaped = escape(clean(text))
    return f'<span style="{_CSS[style]}">{escaped}</span>' if style in _CSS and text else escaped


def clean(text: str) -> str:
    r"""Return text with U+FFFD for control characters, which could command a terminal.

    Examples
    --------
    >>> clean("a\x1b[2Jb") == "a\ufffd[2Jb"
    True
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)


# --- widths -----------------------------------------------------------------------------------


def _cells(source: str) -> list[tuple[str, int]]:
    r"""Return what stands for each character of a line and how wide it is.

    Tabs go to the next stop; other control characters, which could command a terminal, become U+FFFD.

    Examples
    --------
    >>> [width for _, width in _cells("a火\u0301")]
    [1, 2, 0]
    """
    from wcwidth import wcwidth

    cells, column = [], 0
    for char in source:
        if char == "\t":
            width = TAB - column % TAB
            cells.append((" " * width, width))
        else:
            shown = clean(char)
            width = max(wcwidth(shown), 0)
            cells.append((shown, width))
        column += width
    return cells


def excerpt(
    source: str, column: int | None, end_column: int | None = None, width: int = WIDTH
) -> tuple[str, str]:
    r"""Return a line of source as it is shown, and the line with the caret below it.

    Parameters
    ----------
    source : str
        The line, without its newline.
    column : int or None
        The character at fault, from 1; None draws no caret.
    end_column : int or None
        The end of what is underlined, exclusive.
    width : int
        Columns available; a longer line is cut on either side, with ``…`` in the place.

    Returns
    -------
    tuple of str
        The line and the caret line.

    Examples
    --------
    >>> print(*excerpt("\tx = 火 + foo", 10, 13), sep="\n")
        x = 火 + foo
                 ^~~
    """
    cells = _cells(source.rstrip("\r\n"))
    start = min(max((column or 1) - 1, 0), len(cells))
    end = min(max((end_column or 0) - 1, start + 1), max(len(cells), start + 1))
    first, last = _window(cells, start, width)
    shown = "".join(text for text, _ in cells[first:last])
    left, right = ("…" if first else ""), ("…" if last < len(cells) else "")
    if column is None:
        return f"{left}{shown}{right}", ""
    before = sum(w for _, w in cells[first:start])
    under = sum(w for _, w in cells[start : min(end, last)])
    return f"{left}{shown}{right}", " " * (len(left) + before) + "^" + "~" * max(under - 1, 0)


def _window(cells: Sequence[tuple[str, int]], start: int, width: int) -> tuple[int, int]:
    """Return which characters of a line to show so that the one at `start` is among them."""
    if sum(w for _, w in cells) <= width:
        return 0, len(cells)
    room = width - 2
    first = start
    used = 0
    while first > 0 and used + cells[first - 1][1] <= room // 2:
        first -= 1
        used += cells[first][1]
    last = first
    used = 0
    while last < len(cells) and used + cells[last][1] <= room:
        used += cells[last][1]
        last += 1
    return first, last


# --- layouts ----------------------------------------------------------------------------------


def headline(message: str, hint_text: str | None = None) -> Layout:
    """Return the layout of an error that has no place in the source."""
    return [[("", line)] for line in message.split("\n")] + hint(hint_text)


def hint(text: str | None) -> Layout:
    """Return the layout of a hint, nothing for None."""
    return [[("hint", "hint"), ("", f": {_one_line(text)}")]] if text else []


def diagnostics(items: Iterable[Diagnostic], *, source: str | None = None, name: str = "cell") -> Layout:
    r"""Return the layout of diagnostics, in the order given.

    Parameters
    ----------
    items : iterable of Diagnostic
        What the compiler said.
    source : str or None
        The cell, for lines that the diagnostics do not bring themselves.
    name : str
        What the cell is called.

    Examples
    --------
    >>> from mojocell.diagnostics import Diagnostic
    >>> d = Diagnostic("error", "use of unknown declaration 'foo'", 2, 5, 2, 8)
    >>> print(paint(diagnostics([d], source="def main():\n    foo()")))
    cell:2:5: error: use of unknown declaration 'foo'
      2 |     foo()
        |     ^~~
    """
    items = list(items)
    lines = source.split("\n") if source is not None else []
    layout = [line for item in items[:SHOWN] for line in _diagnostic(item, lines, name)]
    if len(items) > SHOWN:
        layout.append([("dim", f"… and {len(items) - SHOWN} more (the error's .diagnostics has all)")])
    return layout


def _diagnostic(item: Diagnostic, cell: Sequence[str], name: str) -> Layout:
    lines = () if item.file else cell
    layout: Layout = [
        [
            ("place", _place(item.file or name, item.line, item.column)),
            (item.kind, item.kind),
            ("", f": {_one_line(item.message)}"),
        ]
    ]
    end = item.end_column if item.end_line in (None, item.line) else 1 << 30
    layout += _source(item.line, item.column, end, item.source, lines)
    for note in item.notes:
        layout += _note(note, item, cell, name)
    layout += [[("fix", "  fix-it"), ("", f": {_fixit(fixit, lines)}")] for fixit in item.fixits]
    return layout + [[("", "  "), *line] for line in hint(item.hint)]


def _note(note: Note, item: Diagnostic, lines: Sequence[str], name: str) -> Layout:
    place = _place(note.file or name, note.line, note.column) if note.line or note.file else ""
    layout: Layout = [[("", "  "), ("place", place), ("note", "note"), ("", f": {_one_line(note.message)}")]]
    if note.line != item.line or note.column != item.column:
        own = lines if not note.file else ()
        layout += _source(note.line, note.column, None, note.source, own)
    return layout


def failure(error: Failure) -> Layout:
    """Return the layout of a failure that may have a place in the cell."""
    lines = error.source.split("\n") if error.source is not None else []
    call: Note | None = getattr(error, "call", None)  # in the cell, where the place is in another
    place = _place(error.name, error.line, error.column) if error.line else ""
    told = place if call is None else _place(call.file or "cell", call.line, call.column)
    first, *rest = error.message.split("\n")
    layout: Layout = [[("place", told), ("", first)]]
    layout += [[("", line)] for line in rest]
    if call is not None:
        layout += _source(call.line, call.column, None, call.source, ())
        layout.append([("", "  "), ("place", place), ("note", "note"), ("", ": it happened here")])
    layout += _source(error.line, error.column, None, None, lines)
    return layout + _where(error) + hint(error.hint)


def _where(error: Failure) -> Layout:
    """Return what is known of a place that is not the cell's, or no line."""
    library, inside = getattr(error, "library", None), getattr(error, "inside", None)
    if not (library or inside):
        return []
    line = definition(error.source or "", inside) if inside else None
    defined = f", defined at {_place(error.name, line, None)[:-2]}" if line else ""
    words = [f"at {library}"] if library else []
    words += [f"in a call of {inside}{defined}"] if inside else []
    return [[("dim", f"  {', '.join(words)}")]]


def _source(
    line: int | None,
    column: int | None,
    end_column: int | None,
    text: str | None,
    lines: Sequence[str],
) -> Layout:
    """Return the excerpt with its gutter; nothing where the line is not known."""
    if line is None:
        return []
    if 1 <= line <= len(lines):
        text = lines[line - 1]
    if text is None or not text.strip():
        return []
    shown, caret = excerpt(text.split("\n")[0], column, end_column)
    number = str(line)
    layout: Layout = [[("gutter", f"  {number} | "), ("", shown)]]
    if caret:
        layout.append([("gutter", f"  {' ' * len(number)} | "), ("caret", caret)])
    return layout


def _fixit(fixit: FixIt, lines: Sequence[str]) -> str:
    """Say a fix-it in words."""
    old = ""
    if 1 <= fixit.line == fixit.end_line <= len(lines) and fixit.column >= 1:
        old = lines[fixit.line - 1][fixit.column - 1 : fixit.end_column - 1]
    where = f"at {fixit.line}:{fixit.column}"
    if not fixit.text:
        return f"remove `{_one_line(old)}` {where}" if old else f"remove what is {where}"
    if not old:
        same = (fixit.line, fixit.column) == (fixit.end_line, fixit.end_column)
        return f"{'insert' if same else 'write'} `{_one_line(fixit.text)}` {where}"
    return f"replace `{_one_line(old)}` by `{_one_line(fixit.text)}` {where}"


def _place(name: str, line: int | None, column: int | None) -> str:
    parts = [name, *(str(n) for n in (line, column if line else None) if n)]
    return ":".join(parts) + ": "


def _one_line(text: str) -> str:
    """Return text without line breaks."""
    return " ".join(part.strip() for part in text.splitlines())
