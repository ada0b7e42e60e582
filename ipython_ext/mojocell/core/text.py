"""The text of a cell as a reader of names sees it: code without its comments and strings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_PIECE = re.compile(
    r"""
    \#[^\n]*
    | (?P<prefix>[A-Za-z]{0,2})(?P<quote>\"{3}|'{3}|"|')
      (?P<inside>(?:\\.|(?!(?P=quote)).)*) (?:(?P=quote)|\Z)
    | [^\W\d]\w*
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"\b(?:def|fn)[ \t]+\w+|(?<![\w.])[^\W\d]\w*")  # a method's name is no use of it
_DEFINITION = re.compile(
    r"^(?:async[ \t]+)?(?:def|fn|struct|trait|comptime|alias)[ \t]+([^\W\d]\w*)", re.MULTILINE
)
_IMPORT = re.compile(r"^from[ \t]+[\w.]+[ \t]+import[ \t]*(?:\(([^)]*)\)|([^\n]*))", re.MULTILINE)
_MODULE = re.compile(r"^import[ \t]+([^\n]*)", re.MULTILINE)
_VARIABLE = re.compile(
    r"^(?:(?:var|ref)[ \t]+)?([^\W\d]\w*)[ \t]*(?::[^=\n]*)?=(?!=)|^for[ \t]+([^\W\d]\w*)[ \t]+in\b",
    re.MULTILINE,
)


def code(source: str) -> str:
    r"""Return a source with blanks for comments and the insides of strings, but for what ``t"{…}"`` computes.

    Examples
    --------
    >>> code('print("area", t"{area(2)}")  # area\n')
    'print(      , t {area(2)} )  \n'
    """

    def shown(piece: re.Match[str]) -> str:
        text = piece[0]
        if piece["quote"] is None:
            return "" if text.startswith("#") else text
        prefix, inside = piece["prefix"], piece["inside"]
        if prefix.lower() not in ("t", "f"):
            return re.sub(r"[^\n]", " ", text)
        kept = re.sub(r"\{([^{}]*)\}|[^\n{}]", lambda m: m[0] if m[0][0] == "{" else " ", inside)
        return f"{prefix} {kept} "

    return _PIECE.sub(shown, source.replace("\\\n", "  "))


def open_quote(source: str) -> str | None:
    """Return the quotes of a string that is never closed, of one line on its line; None: there is none.

    Examples
    --------
    >>> open_quote("print('one"), open_quote("print('one') # it's")
    ("'", None)
    """
    for piece in _PIECE.finditer(source):
        quote = piece["quote"]
        if quote is None:
            continue
        is_closed = piece.end() - piece.end("inside") == len(quote)
        if not is_closed or (len(quote) == 1 and "\n" in piece["inside"].replace("\\\n", "")):
            return str(quote)
    return None


def uses(source: str) -> list[str]:
    r"""Return the names in a cell that it may have from others, in their order.

    Examples
    --------
    >>> uses("def twice(x: Int) -> Int:\n    return x.times(two)\n")
    ['x', 'Int', 'return', 'two']
    >>> uses("struct S:\n    def area(self): ...")
    ['struct', 'self']
    """
    text = code(source)
    own = defines(source)
    return [name for name in dict.fromkeys(_NAME.findall(text)) if name not in own and " " not in name]


def places(source: str, names: Container[str]) -> list[tuple[int, int]]:
    r"""Return the lines and columns, from 1, where a source uses names.

    Examples
    --------
    >>> places("n = 1  # area\nprint(t'{area(n)}', other.area)", {"area"})
    [(2, 10)]
    """
    found = []
    for at, piece in _names(source, 0):
        if piece in names:
            line = source.count("\n", 0, at)
            found.append((line + 1, at - source.rfind("\n", 0, at)))
    return found


def _names(source: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield the names in code, members of others left out, each with its offset."""
    behind = ""
    for piece in _PIECE.finditer(source):
        at = start + piece.start()
        if piece["quote"] is not None:
            if piece["prefix"].lower() in ("t", "f"):
                for field in re.finditer(r"\{([^{}]*)\}", piece["inside"]):
                    yield from _names(field[1], start + piece.start("inside") + field.start(1))
        elif not piece[0].startswith("#"):
            if not source[: piece.start()].rstrip().endswith(".") and behind not in ("def", "fn"):
                yield at, piece[0]
            behind = piece[0]


def defines(source: str, *, imports: bool = True) -> dict[str, None]:
    r"""Return the names that a cell defines, or imports, at its top level, in their order.

    Examples
    --------
    >>> list(defines("from std.math import sqrt as root, pi\nimport a.b\ncomptime N = 2\nstruct S: ..."))
    ['root', 'pi', 'a', 'N', 'S']
    """
    text = code(source)
    found: list[tuple[int, str]] = [(match.start(), match[1]) for match in _DEFINITION.finditer(text)]
    if not imports:
        return dict.fromkeys(name for _, name in found)
    for match in _IMPORT.finditer(text):
        for item in (match[1] or match[2] or "").split(","):
            words = item.split()
            if words:
                found.append((match.start(), words[-1]))
    for match in _MODULE.finditer(text):
        for item in match[1].split(","):
            words = item.split()
            name = (words[-1] if "as" in words else words[0].split(".")[0]) if words else ""
            if name and name != "std":  # which every source knows
                found.append((match.start(), name))
    return dict.fromkeys(name for _, name in sorted(found, key=lambda item: item[0]))


def variables(source: str) -> dict[str, None]:
    r"""Return the variables of a cell of statements.

    Examples
    --------
    >>> list(variables("var total = 0\nn: Int = 3\nfor i in range(3):\n    total += i\nprint(total == n)"))
    ['total', 'n', 'i']
    """
    return dict.fromkeys(match[1] or match[2] for match in _VARIABLE.finditer(code(source)))
