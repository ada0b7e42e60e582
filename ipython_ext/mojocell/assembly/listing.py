"""How machine code is shown, beside the lines it comes from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mojocell.assembly import loops
from mojocell.show.html import escape, ink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mojocell.assembly.artifact import Instruction, Routine

_CALL = "the call: arguments and result"
#: The column of notes.
_NOTES = 56


class Part(NamedTuple):
    """A function, and what it calls in the same artifact.

    Attributes
    ----------
    title : str
        Its signature.
    routines : list of Routine
        Its code first.
    """

    title: str
    routines: list[Routine]


class _Line(NamedTuple):
    """A line that is shown: of source, of code, or of words."""

    kind: str
    text: str
    note: str = ""


class Assembly:
    """Machine code beside the lines of its source; shows itself.

    Attributes
    ----------
    parts : list of Part
        Each function.
    source : str
        What was compiled.
    machine : str
        ``"x86-64"`` or ``"AArch64"``.

    Examples
    --------
    >>> import mojocell as mc
    >>> twice = mc.compile("def twice(n: Int) -> Int: return 2 * n").twice
    >>> print(str(mc.asm(twice)).splitlines()[0])
    def twice(n: Int) -> Int
    """

    def __init__(self, parts: list[Part], source: str, machine: str) -> None:
        self.parts = parts
        self.source = source
        self.machine = machine

    @property
    def loops(self) -> list[loops.Loop]:
        """The innermost loops of all of it."""
        return [loop for part in self.parts for routine in part.routines for loop in loops.loops(routine)]

    @property
    def text(self) -> str:
        """All of it as text."""
        return "\n".join(_as_text(line) for line in self._lines())

    def _lines(self) -> Iterator[_Line]:
        lines = self.source.splitlines()
        for number, part in enumerate(self.parts):
            if number:
                yield _Line("words", "")
            yield _Line("title", part.title)
            for routine in part.routines:
                if routine is not part.routines[0]:
                    yield _Line("words", "")
                    yield _Line("title", routine.name)
                yield from _of_routine(routine, lines)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        rows = "\n".join(_as_html(line) for line in self._lines())
        return (
            '<pre class="mojocell mojocell-asm" tabindex="0" style="margin:0;max-height:40em;overflow:auto">'
            f"{rows}</pre>"
        )

    def _mime_(self) -> tuple[str, str]:
        """Show it in marimo."""
        return "text/html", self._repr_html_()


def _of_routine(routine: Routine, source: list[str]) -> Iterator[_Line]:
    found = {loop.start: loop for loop in loops.loops(routine)}
    labels = _labels(routine)
    width = max((len(one.mnemonic) for one in routine.instructions), default=0)
    yield _Line("words", f"{len(routine.instructions)} instructions")
    for loop in found.values():
        yield _Line("loop", str(loop))
    shown: int | None = -1
    for one in routine.instructions:
        if one.line != shown:
            shown = one.line
            yield _Line("source", _source(shown, source))
        if one.address in labels:
            yield _Line("label", f"   {labels[one.address]}:")
        kind = "call" if one.calls is not None else "spill" if loops.is_spill(one) else "code"
        yield _Line(kind, f"          {one.mnemonic:<{width}}  {_operands(one, labels)}".rstrip(), _note(one))


def _source(line: int | None, source: list[str]) -> str:
    if line is None:
        return f"      {_CALL}"
    return f"{line:>4}  {source[line - 1] if line <= len(source) else ''}".rstrip()


def _labels(routine: Routine) -> dict[int, str]:
    last = routine.instructions[-1].address if routine.instructions else 0
    targets = {
        one.target
        for one in routine.instructions
        if one.target is not None and one.calls is None and routine.start <= one.target <= last
    }
    return {address: f"L{number}" for number, address in enumerate(sorted(targets), 1)}


def _operands(one: Instruction, labels: dict[int, str]) -> str:
    if one.calls:
        return one.calls
    if one.target is not None and one.target in labels:
        return re.sub(r"#?0x[0-9a-f]+$", labels[one.target], one.operands)
    return one.operands


def _note(one: Instruction) -> str:
    return "  ".join(word for word in (one.note, one.inside) if word)


def _as_text(line: _Line) -> str:
    return f"{line.text:<{_NOTES}}  ; {line.note}" if line.note else line.text


_STYLES = {
    "title": "font-weight:bold",
    "source": "font-weight:bold",
    "loop": ink("#1565c0"),
    "call": ink("#c62828"),
    "spill": ink("#c62828"),
    "label": "",
    "words": "",
    "code": "",
}


def _as_html(line: _Line) -> str:
    style = _STYLES[line.kind]
    text = escape(line.text)
    shown = f'<span style="{style}">{text}</span>' if style else text
    shown += " " * (_NOTES - len(line.text)) if line.note else ""
    return f"{shown}  ; {escape(line.note)}" if line.note else shown
