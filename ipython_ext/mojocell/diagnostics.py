"""What the compiler has to say: records, and how they are read from the wire.

All lines and columns count from 1; columns count characters (code points), not bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class FixIt(NamedTuple):
    """A replacement that the compiler proposes.

    Attributes
    ----------
    line, column, end_line, end_column : int
        What is replaced, from 1; the end is exclusive. An empty range inserts.
    text : str
        What to put there.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Note(NamedTuple):
    """A remark that belongs to a diagnostic.

    Attributes
    ----------
    message : str
        What it says.
    line, column : int or None
        Where in the cell, from 1; None where it points elsewhere.
    source : str or None
        The line of source it points at, where known.
    file : str or None
        The file it points into, where that is not the cell.
    """

    message: str
    line: int | None = None
    column: int | None = None
    source: str | None = None
    file: str | None = None


class Diagnostic(NamedTuple):
    """One error or warning of the compiler.

    Attributes
    ----------
    kind : str
        ``"error"``, ``"warning"`` or ``"note"``.
    message : str
        What is wrong.
    line, column : int or None
        Where it starts in the cell as the editor shows it, from 1; None where there is no place.
    end_line, end_column : int or None
        Where it ends (exclusive).
    source : str or None
        The line of source.
    notes : tuple of Note
        Further remarks.
    fixits : tuple of FixIt
        Replacements that would repair it.
    hint : str or None
        What to do about it, where Mojocell knows more than the compiler says.
    file : str or None
        The file, where that is not the cell.
    """

    kind: str
    message: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    source: str | None = None
    notes: tuple[Note, ...] = ()
    fixits: tuple[FixIt, ...] = ()
    hint: str | None = None
    file: str | None = None


def from_wire(items: Iterable[Mapping[str, Any]] | None) -> tuple[Diagnostic, ...]:
    """Read the ``diagnostics`` array of a result.

    Parameters
    ----------
    items : iterable of mapping or None
        The objects as they came; unknown fields are ignored, missing ones are None.

    Returns
    -------
    tuple of Diagnostic

    Examples
    --------
    >>> from_wire([{"kind": "error", "message": "no", "line": 2, "column": 1}])[0].line
    2
    """
    return tuple(_diagnostic(item) for item in items or ())


def _diagnostic(item: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        kind=str(item.get("kind") or "error"),
        message=str(item.get("message") or ""),
        line=_place(item.get("line")),
        column=_place(item.get("column")),
        end_line=_place(item.get("end_line")),
        end_column=_place(item.get("end_column")),
        source=item.get("source"),
        notes=tuple(_note(note) for note in item.get("notes") or ()),
        fixits=tuple(_fixit(fixit) for fixit in item.get("fixits") or ()),
        hint=item.get("hint"),
        file=item.get("file"),
    )


def _note(item: Mapping[str, Any]) -> Note:
    return Note(
        message=str(item.get("message") or ""),
        line=_place(item.get("line")),
        column=_place(item.get("column")),
        source=item.get("source"),
        file=item.get("file"),
    )


def _fixit(item: Mapping[str, Any]) -> FixIt:
    line, column = int(item.get("line") or 1), int(item.get("column") or 1)
    return FixIt(
        line=line,
        column=column,
        end_line=int(item.get("end_line") or line),
        end_column=int(item.get("end_column") or column),
        text=str(item.get("text") or ""),
    )


def _place(value: object) -> int | None:
    """Return a line or column, None for what is not one."""
    return value if isinstance(value, int) and value > 0 else None


def apply_fixits(source: str, diagnostics: Iterable[Diagnostic], kinds: tuple[str, ...] = ("error",)) -> str:
    """Apply the fix-its of diagnostics to the source they were made for.

    Parameters
    ----------
    source : str
        The cell that was compiled.
    diagnostics : iterable of Diagnostic
        Of this source.
    kinds : tuple of str
        Diagnostics of which kinds to repair.

    Returns
    -------
    str
        The repaired source. Of fix-its that overlap the first one counts; one that lies outside of
        the source is left out.

    Examples
    --------
    >>> fix = FixIt(1, 1, 1, 3, "def")
    >>> apply_fixits("fn f(): pass", [Diagnostic("error", "gone", 1, 1, fixits=(fix,))])
    'def f(): pass'
    """
    lines = source.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int | None:
        if not 1 <= line <= len(lines) or not 1 <= column <= len(lines[line - 1]) + 1:
            return None
        return starts[line - 1] + column - 1

    edits: set[tuple[int, int, str]] = set()
    for diagnostic in diagnostics:
        for fixit in diagnostic.fixits if diagnostic.kind in kinds and not diagnostic.file else ():
            start, end = offset(fixit.line, fixit.column), offset(fixit.end_line, fixit.end_column)
            if start is not None and end is not None and start <= end:
                edits.add((start, end, fixit.text))
    pieces, position = [], 0
    for start, end, text in sorted(edits):
        if start >= position:
            pieces += [source[position:start], text]
            position = end
    return "".join(pieces) + source[position:]
