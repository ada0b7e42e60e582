"""A notebook of the kernel of Mojo as one of Python's, whose cells of Mojo begin with ``%%mojo``."""

from __future__ import annotations

import re
from typing import Any

from mojocell import mojo_first
from mojocell.cells.bindings import Bindings

_MOJO = re.compile(r"%%mojo(?![\w.])(?P<line>[^\n]*)\n?(?P<body>.*)", re.DOTALL)


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
    known = Bindings()
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


def _sources(source: str, known: Bindings) -> list[str]:
    return [_written(each, known) for each in mojo_first.with_magics(source)]


def _written(source: str, known: Bindings) -> str:
    """Return a cell of Mojo with ``-i`` for what it takes of Python by name; any other as it is."""
    found = _MOJO.match(source)
    if found is None:
        known.python(source)
        return source
    line, body = found["line"], found["body"]
    names = known.mojo(line, body)
    return f"%%mojo -i {','.join(names)}{line}\n{body}" if names else source
