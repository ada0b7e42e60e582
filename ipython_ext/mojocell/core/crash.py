"""Where a crash was: what its words say, what its calls tell.

Mojo names a place itself where it can: of ``abort()``, of a check in the user's own lines. A check that
fails within the standard library has that one's place; then the calls that led there tell the function
of the user's, and the debug information of a source that was compiled with ``-g1`` its line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mojocell.core import used
from mojocell.show.definition import definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mojocell.errors import _ProgramError


class Compiled(Protocol):
    """What is asked of the result of a compilation."""

    source: str
    name: str
    kind: str
    key: str | None
    artifact: str | None
    toolchain: dict[str, str]
    used: dict[str, str]


_SYMBOLIZER_SECONDS = 20


def _module(result: Compiled) -> str:
    """Return the module that the compiler was given, without ".mojo"."""
    return f"mc_{(result.key or '')[:16]}"


def read_words(error: _ProgramError, result: Compiled, text: str) -> None:
    """Take message and place from what Mojo printed before a crash in this process.

    Parameters
    ----------
    error : MojoCrash
        Gets ``message``, and ``line`` and ``column`` or ``library``.
    result : Compiled
        Of the compilation.
    text : str
        The words; they may name no place.
    """
    from mojocell import _bridge

    found = _bridge.crash_words(text, result.source, _module(result), result.used)
    error.message, error.line, error.column, module, error.library = found
    error.message = error.message or "aborted"
    if module:
        used.put(error, result, module)


def set_place(error: _ProgramError, result: Compiled, file: str, line: int, column: int) -> bool:
    """Give an error its place from one in a module's file, in bytes; False where that is another's."""
    from mojocell import _bridge

    found = _bridge.crash_place(file, line, column, result.source, _module(result), result.used)
    if found[0] is None:
        return False
    error.line, error.column, module = found
    if module:
        used.put(error, result, module)
    return True


def in_cell(text: str, result: Compiled) -> str:
    """Return a text with the cell's places for those in the files that were made for the compiler.

    Parameters
    ----------
    text : str
        What a function raised, perhaps with ``call_location()`` in it.
    result : Compiled
        Of the compilation.
    """
    from mojocell import _bridge

    if ".mojo" not in text:
        return text
    return _bridge.crash_tell(text, result.name, result.source, _module(result), result.used)


# --- the calls that led there -----------------------------------------------------------------


def trace(error: _ProgramError, result: Compiled, details: Mapping[str, Any]) -> None:
    """Say where a crash was that names no line of the cell.

    Parameters
    ----------
    error : MojoCrash
        Gets ``line`` and ``column`` where debug information has them, else ``inside``.
    result : Compiled
        Of the compilation.
    details : mapping
        ``frames``, the addresses in the artifact, innermost first, and ``inside``, the user's function.
    """
    frames = [int(frame) for frame in details.get("frames") or ()]
    if error.used and frames and _has_lines(result):
        _look_for_call(error, result, frames)
    if error.line is not None or not frames:
        return
    if _has_lines(result):
        for file, line, column in _lines(result, frames):
            if set_place(error, result, file, line, column):
                return
    elif error.library:
        error.hint = "with the flag -g1 the cell's line is told"
    error.inside = str(details.get("inside") or "") or None
    if error.inside is None and result.kind == "program":
        error.inside = "main"
    if error.inside == "main" and result.kind == "statements":
        error.inside = None
    if error.inside and not definition(result.source, error.inside):
        _look_in_used(error, result, error.inside)


def _look_for_call(error: _ProgramError, result: Compiled, frames: Sequence[int]) -> None:
    """Find where the own source called the one that an error is in: debug information knows it."""
    from mojocell import _bridge

    for file, line, column in _lines(result, frames):
        found = _bridge.crash_place(file, line, column, result.source, _module(result), result.used)
        if found[0] is not None and not found[2]:
            used.set_call(error, result, found[0], found[1] or 1)
            return


def _look_in_used(error: _ProgramError, result: Compiled, function: str) -> None:
    for text in result.used.values():
        if definition(text, function):
            error.used, error.source = True, text
            error.name = used.name_of(text, definition(text, function))


def _has_lines(result: Compiled) -> bool:
    try:
        with open(result.artifact or "", "rb") as file:
            return b".debug_line" in file.read()
    except OSError:
        return False


def _lines(result: Compiled, frames: Sequence[int]) -> Iterator[tuple[str, int, int]]:
    """Yield what debug information says of the addresses, innermost first: file, line, column."""
    import json
    import subprocess

    symbolizer = f"{result.toolchain.get('root')}/bin/llvm-symbolizer"
    options = [f"--obj={result.artifact}", "--inlines", "--output-style=JSON"]
    try:
        done = subprocess.run(  # noqa: S603  (the toolchain's own)
            [symbolizer, *options, *(hex(frame) for frame in frames)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SYMBOLIZER_SECONDS,
            check=True,
        )
        for frame in json.loads(done.stdout):
            for call in frame.get("Symbol") or ():
                yield str(call["FileName"]), int(call["Line"]), int(call["Column"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return  # the function is told, then
