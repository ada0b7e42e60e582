"""Where a crash was: what its words say, what its calls tell.

Mojo names a place itself where it can: of ``abort()``, of a check in the user's own lines. A check that
fails within the standard library has that one's place; then the calls that led there tell the function
of the user's, and the debug information of a source that was compiled with ``-g1`` its line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

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


# "At: file:3:4: Assert Error: …", "ABORT: file:3:4: …", or with another word of the program's choice.
_WORDS = re.compile(
    r"\A(?P<word>At:|[^\n]*?) (?P<file>[^\n]*?\.mojo):(?P<line>\d+):(?P<column>\d+): (?:Assert Error: )?"
)
_PLACE = re.compile(r"(?:/[^\s\"'(<\[,;=]*/)?(?P<file>mc_u?[0-9a-f]{8,}\.mojo)(?P<at>:\d+(?::\d+)?)?")
_OWN_FILE = re.compile(r"(?:\A|/)mc_[0-9a-f]+\.mojo\Z")
_USED_FILE = re.compile(r"(?:\A|/)(mc_u[0-9a-f]+)\.mojo\Z")
_SYMBOLIZER_SECONDS = 20


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
    found = _WORDS.match(text)
    if not found:
        error.message = text.rstrip()
        return
    word = "" if found["word"] in ("At:", "ABORT:") else f"{found['word']} "
    error.message = word + text[found.end() :].rstrip() or "aborted"
    file, line, column = found["file"], int(found["line"]), int(found["column"])
    if not set_place(error, result, file, line, column) and "/mc_" not in file:
        error.library = f"{file.rpartition('stdlib/')[2]}:{line}"


def set_place(error: _ProgramError, result: Compiled, file: str, line: int, column: int) -> bool:
    """Give an error its place from one in a module's file, in bytes; False where that is another's."""
    used = _USED_FILE.search(file)
    if used and used[1] in result.used:
        error.line, error.column = _in_characters(result.used[used[1]], line, column)
        error.set_used(used[1], result.used)
        return True
    if used or not _OWN_FILE.search(file):
        return False
    error.line, error.column = place(result, line, column)
    return error.line is not None


def place(result: Compiled, line: int, column: int) -> tuple[int | None, int | None]:
    """Return the place in the cell, in characters, of one in the module file, in bytes.

    A cell of statements is in that file twice: with its definitions, a line, with the rest.
    """
    lines = result.source.split("\n")
    if result.kind == "statements" and line > len(lines):
        line, column = line - len(lines) - 1, 0
    return _in_characters(result.source, line, column)


def _in_characters(source: str, line: int, column: int) -> tuple[int | None, int | None]:
    """Return a place with its column in characters; no place where the source has no such line."""
    lines = source.split("\n")
    if not 1 <= line <= len(lines):
        return None, None
    before = lines[line - 1].encode("utf-8", "replace")[: column - 1]
    return line, len(before.decode("utf-8", "ignore")) + 1 if column else None


def in_cell(text: str, result: Compiled) -> str:
    """Return a text with the cell's places for those in the files that were made for the compiler.

    Parameters
    ----------
    text : str
        What a function raised, perhaps with ``call_location()`` in it.
    result : Compiled
        Of the compilation.
    """
    if ".mojo" not in text:
        return text

    def told(found: re.Match[str]) -> str:
        at = found["at"] or ""
        if found["file"].startswith("mc_u"):
            return f"another cell{at}"
        numbers = [int(number) for number in at.split(":")[1:]]
        line, column = place(result, *[*numbers, 0, 0][:2])
        return ":".join([result.name, *(str(n) for n in (line, column) if n)])

    return _PLACE.sub(told, text)


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
    if error.line is not None or not frames:
        return
    if _has_lines(result):
        for file, line, column in _lines(result, frames):
            if _is_of(result, file) and set_place(error, result, file, line, column):
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


def _look_in_used(error: _ProgramError, result: Compiled, function: str) -> None:
    for text in result.used.values():
        if definition(text, function):
            error.used, error.source = True, text
            error.name = f"cell of {function.partition('.')[0]}"


def _is_of(result: Compiled, file: str) -> bool:
    """Tell whether a file is this source's, or one that it uses.

    The compiler's own cache gives the code of another source that differs in names and lines alone, with
    that one's debug information.
    """
    return bool(_USED_FILE.search(file)) or file.endswith(f"/mc_{(result.key or '')[:16]}.mojo")


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
