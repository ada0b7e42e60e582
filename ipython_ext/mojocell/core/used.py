"""Other sources that a source uses: what messages call them, and where in the own one it began."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from mojocell import hosts
from mojocell.core import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeVar

    from mojocell.diagnostics import Diagnostic, Note
    from mojocell.errors import _ProgramError

    Said = TypeVar("Said", Diagnostic, Note)


class Compiled(Protocol):
    """What is asked of the result of a compilation."""

    source: str
    name: str
    used: dict[str, str]


def name_of(source: str, line: int | None) -> str:
    r"""Return what messages call a source that others use: the notebook's name for it, else what it defines.

    Examples
    --------
    >>> name_of("def area(): ...\ndef volume(): ...", 1)
    'cell of area'
    """
    known = hosts.current().cell_of(source)
    if known is not None:
        return known
    lines = source.split("\n")
    defined = list(text.defines("\n".join(lines[:line]), imports=False)) or list(text.defines(source))
    return f"cell of {defined[-1]}" if defined else "another cell"


def put(error: _ProgramError, result: Compiled, module: str) -> None:
    """Put the place of an error into a source that the own one uses.

    Parameters
    ----------
    error : _ProgramError
        Has the ``line`` there; gets ``used``, ``source`` and ``name``, and ``call``, where that is known.
    result : Compiled
        Of the own source.
    module : str
        What the other one is called for the compiler.
    """
    error.used = True
    error.source = result.used.get(module)
    error.name = name_of(error.source or "", error.line)
    found = text.places(result.source, _ways(result.used, module) - text.defines(result.source).keys())
    if len(found) == 1:
        set_call(error, result, *found[0])


def set_call(error: _ProgramError, result: Compiled, line: int, column: int) -> None:
    """Take note of where the own source calls the one that an error is in."""
    from mojocell.diagnostics import Note

    error.call = Note("", line, column, result.source.split("\n")[line - 1], result.name)


def _ways(used: Mapping[str, str], module: str) -> set[str]:
    """Return the names whose use leads to a module, at once or by way of others."""
    names = set(text.defines(used.get(module, "")))
    others = {source: set(text.uses(source)) for name, source in used.items() if name != module}
    while found := [source for source, uses in others.items() if uses & names]:
        for source in found:
            names.update(text.defines(source))
            del others[source]
    return names


def diagnostics(items: Sequence[Diagnostic], used: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Return diagnostics with names, and lines, for places in other sources.

    Parameters
    ----------
    items : sequence of Diagnostic
        Their files are the compiler's.
    used : mapping of str
        The other sources, by the names of their modules.
    """
    if not used:
        return tuple(items)
    return tuple(
        _named(item, used)._replace(notes=tuple(_named(note, used) for note in item.notes)) for item in items
    )


def _named(item: Said, used: Mapping[str, str]) -> Said:
    source = used.get(os.path.basename(item.file or "").removesuffix(".mojo"))
    if source is None:
        return item
    lines = source.split("\n")
    shown = lines[item.line - 1] if item.line and item.line <= len(lines) else item.source
    return item._replace(file=name_of(source, item.line), source=shown)
