"""Mojo programs with ``{{name}}`` in them, run with values of Python.

Where ``{{n}}`` stands in the code of ``main`` it is a parameter: ``main`` becomes a function that is
compiled once and called with each value. Elsewhere, as in a string literal, the value is written
into the source, and each value is a compilation of its own.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.errors import MojoReturnError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENTRY = "mc_template"
TYPES: dict[type, str] = {bool: "Bool", int: "Int", float: "Float64", str: "String"}

_PLACEHOLDER = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>[rRbBtT]{0,2}(?P<quotes>\"\"\"|'''|"|'))
      | (?P<main>^(?:def|fn)[ \t]+main[ \t]*\([ \t]*\))
      | (?P<place>\{\{\s*[^\W\d]\w*\s*\}\})""",
    re.VERBOSE | re.MULTILINE,
)


class Piece(NamedTuple):
    """A part of a template."""

    kind: str
    """``"text"``, ``"main"`` (its header up to the bracket), ``"code"`` or ``"string"`` (a placeholder)."""
    text: str
    """What stands there; of a placeholder its name."""
    in_main: bool
    """Whether it is in the body of ``main``."""
    quotes: str = ""
    """Of a placeholder in a string literal the quotes of that."""
    raw: bool = False
    """Whether that literal takes backslashes as they are."""
    braces: bool = False
    """Whether ``{...}`` in that literal is an expression, as in ``t"..."``."""


def names(source: str) -> list[str]:
    """Return the names of the placeholders in order, each once.

    Examples
    --------
    >>> names('def main(): print({{a}}, "{{b}}", {{a}})  # not {{c}}')
    ['a', 'b']
    """
    return list(dict.fromkeys(piece.text for piece in split(source) if piece.kind in ("code", "string")))


def split(source: str) -> list[Piece]:
    """Return the parts of a template; comments are text, and what stands in them is no placeholder.

    Parameters
    ----------
    source : str
        A Mojo program.
    """
    return list(_pieces(source))


def _pieces(source: str) -> Iterator[Piece]:
    start = at = 0
    body: tuple[int, int] = (len(source), len(source))
    while found := _TOKEN.search(source, at):
        at = found.end()
        if found["comment"]:
            continue
        if found["string"]:
            end = _end_of_string(source, at, found["quotes"], raw=_is_raw(found["string"]))
            for place in _PLACEHOLDER.finditer(source, at, end):
                yield Piece("text", source[start : place.start()], False)
                inside = body[0] <= place.start() < body[1]
                prefix = found["string"].lower().rstrip("\"'")
                yield Piece("string", place[1], inside, found["quotes"], "r" in prefix, "t" in prefix)
                start = place.end()
            at = end
            continue
        yield Piece("text", source[start : found.start()], False)
        start = at
        if found["main"]:
            body = (at, _end_of_block(source, at))
            yield Piece("main", found["main"], True)
        else:
            inside = body[0] <= found.start() < body[1]
            yield Piece("code", found["place"].strip("{} \t\n"), inside)
    yield Piece("text", source[start:], False)


def _is_raw(prefix: str) -> bool:
    return "r" in prefix.lower().rstrip("\"'")


def _end_of_string(source: str, at: int, quotes: str, *, raw: bool) -> int:
    """Return where a literal ends that begins behind its quotes at ``at``, its closing quotes included."""
    while at < len(source):
        if source[at] == "\\" and not (raw and len(quotes) == 1 and source[at + 1 : at + 2] == "\n"):
            at += 2
        elif source.startswith(quotes, at):
            return at + len(quotes)
        elif source[at] == "\n" and len(quotes) == 1:
            return at
        else:
            at += 1
    return len(source)


def _end_of_block(source: str, at: int) -> int:
    """Return where the next line without indentation begins, behind a header."""
    found = re.compile(r"^(?=[^\s#)])", re.MULTILINE).search(source, at)
    while found and found.start() <= at:
        found = re.compile(r"^(?=[^\s#)])", re.MULTILINE).search(source, at + 1)
        at += 1
    return found.start() if found else len(source)


# --- values in the source ---------------------------------------------------------------------


def literal(value: object) -> str:
    r"""Return a value as a literal of Mojo.

    Raises
    ------
    TypeError
        It is no bool, int, float or str.
    ValueError
        It is not finite, or not valid Unicode.

    Examples
    --------
    >>> literal('say "hi"\n'), literal(-3), literal(True), literal(1e-7)
    ('"say \\"hi\\"\\n"', '-3', 'True', '1e-07')
    """
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            msg = f"{value!r} has no literal in Mojo"
            raise ValueError(msg)
        return repr(float(value))
    if isinstance(value, str):
        return f'"{escape(value, chr(34))}"'
    msg = f"a value for a Mojo program must be a bool, int, float or str, not {type(value).__name__}"
    raise TypeError(msg)


_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str, quotes: str, *, raw: bool = False, braces: bool = False) -> str:
    r"""Return text as it stands inside a string literal of Mojo.

    Parameters
    ----------
    text : str
        Any text.
    quotes : str
        Those of the literal.
    raw : bool
        Whether the literal takes backslashes as they are; then some texts cannot be in it.
    braces : bool
        Whether the literal has expressions in braces.

    Raises
    ------
    ValueError
        The text cannot stand there.

    Examples
    --------
    >>> escape("it's\t5", "'")
    "it\\'s\\t5"
    """
    text.encode()
    quote = quotes[0]
    if braces:
        text = text.replace("{", "{{").replace("}", "}}")
    if raw:
        if quote in text or "\\" in text or any(ord(c) < 32 for c in text):
            msg = f"{text!r} cannot stand in a raw string literal"
            raise ValueError(msg)
        return text
    pieces = []
    for c in text:
        if c == quote:
            pieces.append("\\" + c)
        elif c in _ESCAPES:
            pieces.append(_ESCAPES[c])
        elif ord(c) < 32 or ord(c) == 127:
            pieces.append(f"\\x{ord(c):02x}")
        else:
            pieces.append(c)
    return "".join(pieces)


def _plain(value: object) -> str:
    """Return a value as it reads in the middle of a text."""
    return value if isinstance(value, str) else literal(value)


def _operand(value: object) -> str:
    """Return a literal that stays one value beside any operator: of ``-3 ** 2`` the 3 alone is squared."""
    text = literal(value)
    return f"({text})" if text.startswith("-") else text


# --- the source that is compiled --------------------------------------------------------------


def parameters(pieces: list[Piece]) -> list[str]:
    """Return the placeholders that can be parameters: all that stand in the code of ``main`` alone."""
    elsewhere = {piece.text for piece in pieces if _is_written(piece)}
    return list(
        dict.fromkeys(piece.text for piece in pieces if piece.kind == "code" and piece.text not in elsewhere)
    )


def _is_written(piece: Piece) -> bool:
    return piece.kind == "string" or (piece.kind == "code" and not piece.in_main)


def render(pieces: list[Piece], types: Mapping[str, str], values: Mapping[str, object]) -> str:
    r"""Return the Mojo source: ``main`` as a function of some placeholders, the others written in.

    Parameters
    ----------
    pieces : list of Piece
        The template.
    types : mapping of str
        The Mojo type of each placeholder that becomes a parameter.
    values : mapping
        The values of the others.

    Examples
    --------
    >>> print(render(split("def main():\n    print({{n}}, {{m}})"), {"n": "Int"}, {"m": 2}))
    def mc_template(mc_arg_n: Int):
        print(mc_arg_n, 2)
    """
    arguments = ", ".join(f"mc_arg_{name}: {kind}" for name, kind in types.items())
    out = []
    for piece in pieces:
        if piece.kind == "main":
            keyword = piece.text.split()[0]
            out.append(f"{keyword} {ENTRY}({arguments})")
        elif piece.kind == "text":
            out.append(piece.text)
        elif piece.kind == "code" and piece.text in types:
            out.append(f"mc_arg_{piece.text}")
        elif piece.kind == "code":
            out.append(_operand(values[piece.text]))
        else:
            value = _plain(values[piece.text])
            out.append(escape(value, piece.quotes, raw=piece.raw, braces=piece.braces))
    return "".join(out)


# --- what comes back --------------------------------------------------------------------------


def read(text: str, kind: Any, function: str) -> Any:
    r"""Return what a program printed as a value.

    Parameters
    ----------
    text : str
        All of its output.
    kind : type or None
        ``int``, ``float``, ``bool``, ``str``; None for the text without its last newline.
    function : str
        The name for messages.

    Raises
    ------
    MojoReturnError
        It is not one value of that type.

    Examples
    --------
    >>> read("55\n", int, "f"), read("True\n", bool, "f"), read("a b\n", str, "f")
    (55, True, 'a b')
    """
    if kind is str or kind is None:
        return text.removesuffix("\n")
    try:
        # Python reads 1_000 as a number; Mojo writes none like it.
        (word,) = text.replace("_", "?").split()
        return {"True": True, "False": False}[word] if kind is bool else kind(word)
    except (ValueError, KeyError):
        shown = text if len(text) < 80 else text[:77] + "..."
        msg = f"{function} printed {shown!r}, which is not one value of type {kind.__name__}"
        error = MojoReturnError(msg, code="bad_return")
        error.hint = "let main print the result alone, or change the annotation of the result"
        raise error from None
