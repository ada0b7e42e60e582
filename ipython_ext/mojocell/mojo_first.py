r"""What a cell is where Mojo needs no magic: in a notebook of the kernel "Mojo (Mojocell)".

| the cell begins with | it is |
|---|---|
| ``%%python`` | Python |
| another ``%%magic`` | what IPython makes of it |
| lines of ``%magic``, ``%python …`` and ``!command`` | these, for IPython, and the Mojo below them |
| anything else | Mojo |
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_PYTHON_CELL = re.compile(r"%%python(?![\w.])[^\n]*")
_PYTHON_LINE = re.compile(r"%python[ \t]+(?=\S)")
_HELP = re.compile(r"\s*(?:\?{1,2}[%\w.*]+|[%\w.*]+\?{1,2})\s*\Z")
_LINES = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n|(?P<magic>[%!](?:\\\n|[^\n])*(?:\n|\Z)))*")
_NOTHING = re.compile(r"(?:\s|#[^\n]*)*\Z")


class Cell(NamedTuple):
    """A cell, taken apart.

    Attributes
    ----------
    ipython : str
        What IPython executes, with its magics; it comes first.
    mojo : str or None
        The Mojo below it; None where there is none.
    start : int
        Where that begins in the cell.
    """

    ipython: str
    mojo: str | None
    start: int


def read(source: str) -> Cell:
    r"""Take a cell apart.

    Parameters
    ----------
    source : str
        The cell, as the editor shows it.

    Examples
    --------
    >>> read("print(6 * 7)")
    Cell(ipython='', mojo='print(6 * 7)', start=0)
    >>> read("%python n = 3\n!ls\nprint(n)")
    Cell(ipython='n = 3\n!ls\n', mojo='print(n)', start=18)
    >>> read("%%python\nn = 3")
    Cell(ipython='#%python\nn = 3', mojo=None, start=14)
    >>> read("%%time\nprint(1)").ipython
    '%%time\nprint(1)'
    """
    text = source.lstrip()
    if text.startswith("%%"):
        return Cell(_python_cell(text), None, len(source))
    if _HELP.match(source) or _NOTHING.match(source):
        return Cell(source, None, len(source))
    end = _end_of_magics(source)
    lines = [without_magic(line) for line in source[:end].splitlines(keepends=True)]
    rest = source[end:]
    if _NOTHING.match(rest):
        return Cell("".join(lines) + rest, None, len(source))
    return Cell("".join(lines), rest, end)


def without_magic(line: str) -> str:
    """Return a line of Python without ``%python``; any other as it is."""
    return _PYTHON_LINE.sub("", line, count=1) if line.startswith("%") else line


def _end_of_magics(source: str) -> int:
    """Return where the last of the magics above a cell's Mojo ends: comments below it are Mojo's."""
    found = _LINES.match(source)
    return found.end("magic") if found is not None and found["magic"] is not None else 0


def _python_cell(text: str) -> str:
    """Return a cell that begins with a cell's magic: of ``%%python`` its Python, on the lines where it is."""
    found = _PYTHON_CELL.match(text)
    if found is None:
        return text
    below = text[found.end() :]
    if below.startswith("\n%%"):
        other, _, rest = below[1:].partition("\n")
        return f"{other}\n%%python\n{rest}"
    return f"#%python{below}"


def is_mojo(metadata: Mapping[str, Any]) -> bool:
    """Tell from a notebook's metadata whether its kernel takes cells for Mojo.

    Examples
    --------
    >>> is_mojo({"kernelspec": {"name": "mojocell", "language": "mojo"}})
    True
    >>> is_mojo({"kernelspec": {"name": "python3"}})
    False
    """
    spec, info = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
    return "mojo" in (spec.get("language"), info.get("name"))


def with_magics(source: str) -> list[str]:
    r"""Return a cell as those that it is for a kernel of Python.

    Examples
    --------
    >>> with_magics("%python n = 3\nprint(n)")
    ['n = 3\n', '%%mojo\nprint(n)']
    """
    cell = read(source)
    ipython = cell.ipython.removeprefix("#%python\n")
    if cell.mojo is None:
        return [ipython]
    return [*([ipython] if ipython.strip() else []), f"%%mojo\n{cell.mojo}"]
