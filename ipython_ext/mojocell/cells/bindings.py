"""Which variables Python has after cells of a kernel of Mojo have run, as far as their texts tell."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from mojocell.cells import taken
from mojocell.core import text

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Where one of these stands, or arguments, a cell takes nothing by name.
_TAKES_NOTHING = re.compile(r"--(?:alone|no-run|stdin)\b|(?<!\S)--(?!\S)")


class Bindings:
    r"""What the cells above one have bound.

    Examples
    --------
    >>> bindings = Bindings()
    >>> bindings.python("n = 3\ndef f():\n    m = 4\n")
    >>> bindings.mojo("", "def twice(x: Int) -> Int:\n    return 2 * x\n\ntwice(n + m)")
    ['n']
    """

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._definitions: set[str] = set()

    def python(self, source: str) -> None:
        """Take note of a cell of Python."""
        self._values.update(_assigned(source))

    def mojo(self, line: str, body: str) -> list[str]:
        """Take note of a cell of Mojo; return the variables that it takes by name.

        Parameters
        ----------
        line : str
            What stands on its magic's line.
        body : str
            The Mojo.
        """
        self._definitions.update(text.defines(body))
        names: list[str] = []
        if not _TAKES_NOTHING.search(line):
            names = [name for name in taken.named(body, known=self._definitions) if name in self._values]
        self._values.update(_given(line))
        return names


def _given(line: str) -> list[str]:
    """Return the variables that a cell of Mojo gives to Python."""
    found = re.search(r"(?:-o|--give)[ \t=]*([\w,]+)", line)
    return found[1].split(",") if found else []


def _assigned(source: str) -> Iterable[str]:
    """Return the names that a cell of Python binds to values, outside of functions and classes."""
    try:
        tree = ast.parse(re.sub(r"(?m)^[ \t]*[%!].*$", "", source))
    except SyntaxError:
        return
    inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for statement in tree.body:
        for node in () if isinstance(statement, inner) else ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
