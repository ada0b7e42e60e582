"""The logical lines of a cell: what brackets and backslashes hold together is one."""

from __future__ import annotations

import re
from typing import NamedTuple

from mojocell.core import text

_BRACKET = re.compile(r"[(\[{}\])]")


class Line(NamedTuple):
    """A logical line that has code.

    Attributes
    ----------
    row : int
        The line of the cell that it begins in, from 1.
    code : str
        Its text, without comments and the insides of strings; it begins with its indentation.
    depth : int
        How many brackets are open at its end: above 0 only in the last, below 0 where one too many is closed.
    continued : bool
        Whether a backslash ends it, as only in the last.
    """

    row: int
    code: str
    depth: int
    continued: bool

    @property
    def indent(self) -> int:
        """How many blanks it begins with."""
        return len(self.code) - len(self.code.lstrip())


def logical(source: str) -> list[Line]:
    r"""Return the logical lines of a cell.

    Parameters
    ----------
    source : str
        The cell.

    Examples
    --------
    >>> [(line.row, line.code) for line in logical("print(\n    1)  # one\n\nx = 2 + \\\n  3\n")]
    [(1, 'print(\n    1)'), (4, 'x = 2 + \n  3')]
    >>> logical("print((1)")[0].depth
    1
    """
    lines: list[Line] = []
    opened, row, depth = "", 0, 0
    # A blank behind a backslash: what `code` would join stays where it is.
    for number, shown in enumerate(text.code(source.replace("\\\n", "\\ \n")).split("\n"), 1):
        code = shown.rstrip()
        continued = code.endswith("\\")
        row = row if opened else number
        opened += code.removesuffix("\\") + "\n"
        depth += sum(1 if found in "([{" else -1 for found in _BRACKET.findall(code))
        if depth <= 0 and not continued:
            if opened.strip():
                lines.append(Line(row, opened.rstrip(), depth, continued=False))
            opened, depth = "", 0
    if opened.strip():
        lines.append(Line(row, opened.rstrip(), depth, continued))
    return lines
