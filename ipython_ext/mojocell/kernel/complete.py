"""Whether a cell is complete: what a console asks at each Enter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mojocell.cells import lines
from mojocell.core import text

if TYPE_CHECKING:
    from typing import Literal

_STEP = 4
_LEAVES = re.compile(r"\s*(?:return|raise|pass|break|continue)\b")


class State(NamedTuple):
    """What to do at an Enter.

    Attributes
    ----------
    status : {"complete", "incomplete", "invalid"}
        Execute it, go on, or execute it for its error.
    indent : int
        How many blanks the next line of an incomplete one begins with.
    """

    status: Literal["complete", "incomplete", "invalid"]
    indent: int = 0


def state(source: str) -> State:
    r"""Tell whether a cell of Mojo is complete.

    A block ends with a blank line, as in Python's consoles; only text is looked at, no compiler.

    Parameters
    ----------
    source : str
        The cell.

    Examples
    --------
    >>> state("print(6 * 7)")
    State(status='complete', indent=0)
    >>> state("def area(w: Int) -> Int:")
    State(status='incomplete', indent=4)
    >>> state("def area(w: Int) -> Int:\n    return w\n\n").status
    'complete'
    """
    quote = text.open_quote(source)
    if quote is not None:
        return State("incomplete" if len(quote) == 3 else "invalid")
    found = lines.logical(source)
    if any(line.depth < 0 for line in found):
        return State("invalid")
    indent = _more(found[-1], ends_blank=source.rstrip(" \t").endswith("\n")) if found else None
    return State("complete") if indent is None else State("incomplete", indent)


def _more(last: lines.Line, *, ends_blank: bool) -> int | None:
    """Return the indentation of the line that has to follow the last one; None: there need not be any."""
    if last.depth > 0 or last.continued:
        return _indent_inside(last)
    if last.code.endswith(":"):
        return last.indent + _STEP
    if last.code.lstrip().startswith("@"):
        return last.indent
    if last.indent > 0 and not ends_blank:
        return max(last.indent - (_STEP if _LEAVES.match(last.code) else 0), 0)
    return None


def _indent_inside(line: lines.Line) -> int:
    """Return the indentation of what goes on: of its own last line, a step more below its first."""
    rows = line.code.split("\n")
    if len(rows) == 1:
        return line.indent + _STEP
    return len(rows[-1]) - len(rows[-1].lstrip())
