"""A notebook of the kernel of Mojo as one of Python's, whose cells of Mojo begin with ``%%mojo``."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import mojo_first
from mojocell.cells import taken
from mojocell.core import text

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOJO = re.compile(r"%%mojo(?![\w.])(?P<line>[^\n]*)\n?(?P<body>.*)", re.DOTALL)
#: Where one of these stands, or arguments, a cell takes nothing by name.
_TAKES_NOTHING = re.compile(r"--(?:alone|no-run|stdin)\b|(?<!\S)--(?!\S)")


class _Known(NamedTuple):
    """What the cells above have: values in Python, definitions in Mojo."""

    values: set[str]
    definitions: set[str]


def with_magics(document: dict[str, Any]) -> list[int]:
    r"""Write the magics of a notebook that needs none; leave any other as it is.

    Parameters
    ----------
    document : dict
        The notebook as nbformat 4 has it; it is changed. A cell with magics above its Mojo becomes two.

    Returns
    -------
    list of int
        For each cell now the number, from 1, of the one that it was.

    Examples
    --------
    >>> cells = [{"cell_type": "code", "source": "%python n = 3\nprint(n)"}]
    >>> notebook = {"cells": cells, "metadata": {"language_info": {"name": "mojo"}}}
    >>> with_magics(notebook)
    [1, 1]
    >>> [cell["source"] for cell in notebook["cells"]]
    ['n = 3\n', '%%mojo -i n\nprint(n)']
    """
    cells = document.get("cells")
    if not isinstance(cells, list) or not mojo_first.is_mojo(document.get("metadata") or {}):
        return list(range(1, len(cells or ()) + 1))
    known = _Known(set(), set())
    made: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, cell in enumerate(cells, 1):
        pieces = [cell]
        if cell.get("cell_type") == "code":
            source = "".join(cell.get("source") or "")
            pieces = [{**cell, "source": each} for each in _sources(source, known)]
        made += pieces
        numbers += [number] * len(pieces)
    cells[:] = made
    document["metadata"] = {}
    return numbers


def _sources(source: str, known: _Known) -> list[str]:
    return [_written(each, known) for each in mojo_first.with_magics(source)]


def _written(source: str, known: _Known) -> str:
    """Return a cell of Mojo with ``-i`` for what it takes of Python by name; any other as it is."""
    found = _MOJO.match(source)
    if found is None:
        known.values.update(_assigned(source))
        return source
    line, body = found["line"], found["body"]
    known.definitions.update(text.defines(body))
    if _TAKES_NOTHING.search(line):
        return source
    names = [name for name in taken.named(body, known=known.definitions) if name in known.values]
    known.values.update(_given(line))
    inputs = f" -i {','.join(names)}" if names else ""
    return f"%%mojo{inputs}{line}\n{body}"


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
