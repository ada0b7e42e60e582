"""Python's variables that a cell of Mojo takes by name, in a kernel where cells are Mojo.

A name is taken where nothing else can be meant by it: the cell's statements use it, nothing in them binds it,
no cell of Mojo defines it, it is no name of Python's or Mojo's own and written like no type, and its value
has a type of Mojo's. What is taken is an input as that of ``-i``: read only, and typed by its value. New
values of the same type compile nothing.
"""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING, Any

from mojocell.call.unknown_names import crosses
from mojocell.cells import lines
from mojocell.core import text
from mojocell.errors import MojoCompileError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from mojocell.core.result import RunResult
    from mojocell.diagnostics import Diagnostic

_DEFINITION = re.compile(
    r"(?:async[ \t]+)?(?:def|fn|struct|trait|alias|import|from|__extension)\b"
    r"|comptime[ \t]+(?!if\b|for\b|assert\b)"
)
_MAIN = re.compile(r"(?:async[ \t]+)?(?:def|fn)[ \t]+main\b")
_NAME = re.compile(r"[^\W\d]\w*")
#: What is neither an attribute, nor an argument's name, nor bound here.
_USED = re.compile(r"(?<![\w.`])[^\W\d]\w*(?![\w`]|[ \t]*=(?!=)|[ \t]*:=)")
_BINDING = re.compile(
    r"""
    \b(?:var|ref|comptime|alias|as|import)[ \t]+(?!if\b|for\b|assert\b)(?P<named>[^=:\n\])]*)
    | \bfor\b(?P<loop>[^\n]*?)\bin\b
    | \b(?:def|fn)\b(?P<inner>[^\n]*)
    | ^[ \t]*(?P<assigned>[^\W\d]\w*(?:[ \t]*,[ \t]*[^\W\d]\w*)*)[ \t]*(?::[^=\n]*)?=(?!=)
    | (?P<walrus>[^\W\d]\w*)[ \t]*:=
    """,
    re.VERBOSE | re.MULTILINE,
)
#: What Mojo says of a module of Python's.
_FOREIGN = re.compile(r"unable to locate module '\w+'")
#: What Mojo's prelude has beside what Python has too, and beside types.
_PRELUDE = {
    *("alloc", "atof", "atol", "debug_assert", "deinit", "doc_hidden", "hash_bytes", "index", "materialize"),
    *("partition", "rebind", "rebind_var", "reflect", "sort", "std", "swap", "SIMD"),
}
_TYPE = re.compile(r"[A-Z]\w*[a-z]")


def taken(
    source: str, names: Mapping[str, Any], *, hidden: Iterable[str] = (), known: Iterable[str] = ()
) -> list[str]:
    r"""Return the variables that a cell takes, in the order in which it names them.

    Parameters
    ----------
    source : str
        The cell.
    names : mapping
        The notebook's variables.
    hidden : iterable of str
        Those that are the shell's own.
    known : iterable of str
        Names that other cells of Mojo define.

    Examples
    --------
    >>> variables = {"rate": 1.2, "prices": [9.5, 12.0], "total": 3.0, "max": 4, "odd": {}}
    >>> taken("var total = 0.0\nfor p in prices:\n    total += max(p * rate, odd)", variables)
    ['prices', 'rate']
    >>> taken("def twice() -> Float64:\n    return 2 * rate\n", variables)
    []
    """
    found = named(source, known={*hidden, *known})
    return [name for name in found if name in names and crosses(names[name])]


def named(source: str, *, known: Iterable[str] = ()) -> list[str]:
    """Return the names in a cell that can only be variables of Python's, whatever their values are.

    Parameters
    ----------
    source : str
        The cell.
    known : iterable of str
        Names that mean something else.
    """
    said = statements(source)
    own = {*bound(said), *text.defines(source), *known, *vars(builtins), *_PRELUDE}
    return [name for name in dict.fromkeys(_USED.findall(said)) if name not in own and _is_variable(name)]


def _is_variable(name: str) -> bool:
    return not (name.startswith("_") or _TYPE.match(name))


def statements(source: str) -> str:
    r"""Return the code of a cell's statements; nothing for a program with ``main``.

    Examples
    --------
    >>> statements("import a\ndef f():\n    pass\nx = 1\nif x:\n    f()\n")
    'x = 1\nif x:\n    f()'
    """
    kept, is_statement = [], False
    for line in lines.logical(source):
        if line.indent == 0 and _MAIN.match(line.code):
            return ""
        if line.indent == 0 and not line.code.startswith("@"):
            is_statement = not _DEFINITION.match(line.code)
        if is_statement:
            kept.append(line.code)
    return "\n".join(kept)


def bound(code: str) -> set[str]:
    r"""Return the names that statements bind, and those of inner functions' parameters.

    Examples
    --------
    >>> sorted(bound("var a = n\nfor i, b in xs: c = i\nwith open(p) as f:\n  d, e = g(k=1)"))
    ['a', 'b', 'd', 'e', 'f', 'i']
    """
    found: set[str] = set()
    for match in _BINDING.finditer(code):
        found.update(name for group in match.groups() if group for name in _NAME.findall(group))
    return found


def explain(result: RunResult, opts: argparse.Namespace) -> None:
    """Say of a cell that does not compile what it took by name, or that Python has cells of its own."""
    error = result.error
    took = getattr(opts, "taken", None)
    if took is None or not isinstance(error, MojoCompileError):
        return
    told = [each for each in took if each.partition(":")[0] in _named_by(error.diagnostics, result.source)]
    if any(_FOREIGN.match(item.message) for item in error.diagnostics):
        error.hint = "a cell of Python begins with %%python"
    elif told and not error.hint:
        error.hint = f"taken from Python, and read only: {', '.join(told)}; %%mojo --alone takes nothing"


def _named_by(diagnostics: Iterable[Diagnostic], source: str) -> list[str]:
    """Return the names in the lines of errors, but for those that are about a name that nobody knows."""
    rows = source.split("\n")
    return _NAME.findall(
        " ".join(
            rows[item.line - 1]
            for item in diagnostics
            if item.line and not item.file and "unknown declaration" not in item.message
        )
    )
