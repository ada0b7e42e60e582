"""Where a source defines a function."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def definition(source: str, function: str) -> int | None:
    r"""Return the line of a function's only definition.

    Parameters
    ----------
    source : str
        The cell.
    function : str
        As ``area``, or ``Point.norm`` for a method.

    Examples
    --------
    >>> definition("struct P:\n    def area(self): ...\n\ndef area(): ...", "area")
    4
    >>> definition("struct P:\n    def area(self): ...", "P.area")
    2
    """
    lines = source.split("\n")
    first, last, indent = 0, len(lines), ""
    owner, _, name = function.rpartition(".")
    if owner:
        first = _only(lines, rf"(?:struct|trait)\s+{re.escape(owner)}\b", 0, last) or last
        inner = range(first, last)
        last = next((i for i in inner if re.match(r"[^\s#]", lines[i])), last)
        indent = r"\s+"
    return _only(lines, rf"{indent}(?:def|fn)\s+{re.escape(name)}\b", first, last)


def _only(lines: Sequence[str], pattern: str, first: int, last: int) -> int | None:
    found = [i + 1 for i in range(first, last) if re.match(pattern, lines[i])]
    return found[0] if len(found) == 1 else None
