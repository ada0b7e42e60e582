"""Mojo source in the docstring of a Python function."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import textwrap
from typing import Any, NamedTuple

from mojocell.errors import MojoError


class Doc(NamedTuple):
    """The text of a docstring as Mojo, and what might be wrong with it."""

    source: str
    doubt: str | None


def docstring(function: Any) -> Doc:
    """Return the Mojo source in a function's docstring, as the file has it.

    The file is what counts: Python 3.13 takes indentation away from docstrings, ``-OO`` takes them
    away altogether.

    Parameters
    ----------
    function : function
        Whose docstring.

    Raises
    ------
    MojoError
        There is none, or none can be found.
    """
    node, text = _definition(function)
    if node is not None:
        found = _literal(node)
        if found is not None:
            return _from_file(found, text)
        if function.__doc__ is None:
            msg = f"{function.__name__} has no docstring: @mojo takes the Mojo source from it"
            raise MojoError(msg, code="no_source", hint="or give the source: @mojo(r'''...''')")
    if function.__doc__ is not None:
        return _from_memory(function.__doc__)
    stripped = " (python -OO strips docstrings)" if sys.flags.optimize > 1 else ""
    msg = f"{function.__name__} has no docstring{stripped}, and its source file is not at hand"
    raise MojoError(msg, code="no_source", hint="give the source as an argument: @mojo(r'''...''')")


def _definition(function: Any) -> tuple[ast.FunctionDef | None, str]:
    """Return the definition of a function in its file, as that is now."""
    code = function.__code__
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None, text
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name == function.__name__
        and min([node.lineno, *(each.lineno for each in node.decorator_list)]) == code.co_firstlineno
    ]
    if not found or (function.__doc__ is not None and not _says(found[0], function.__doc__)):
        return None, text
    return found[0], text


def _says(node: ast.FunctionDef, doc: str) -> bool:
    """Tell whether the file still has this docstring."""
    literal = _literal(node)
    return literal is not None and inspect.cleandoc(str(literal.value)) == inspect.cleandoc(doc)


def _literal(node: ast.FunctionDef) -> ast.Constant | None:
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first.value if isinstance(first.value.value, str) else None
    return None


def _from_file(literal: ast.Constant, text: str) -> Doc:
    value = str(literal.value)
    written = ast.get_source_segment(text, literal) or ""
    prefix = written[: len(written) - len(written.lstrip("rRuUbB"))].lower()
    doubt = None
    if "\\" in written and "r" not in prefix:
        doubt = "Python reads the backslashes in the docstring itself: write r''' in front of it"
    first, newline, rest = value.partition("\n")
    if first.strip() and newline:
        # Its first line has no indentation of its own; the others have that of the literal.
        return Doc(_join(first, _unindent(rest, literal.col_offset)), doubt)
    return Doc(textwrap.dedent(value), doubt)


def _unindent(text: str, columns: int) -> str:
    lines = text.split("\n")
    return "\n".join(line[columns:] if not line[:columns].strip() else line for line in lines)


def _join(header: str, rest: str) -> str:
    """Put a first line before the others.

    Formatters and Python 3.13 align the least indented of the others with the literal. Behind the
    header of a block that can only be all of its body, which has lost its indentation.
    """
    follows = next((line for line in rest.split("\n") if line.strip()), "")
    if header.rstrip().endswith(":") and follows and follows == follows.lstrip():
        rest = textwrap.indent(rest, "    ")
    return f"{header.strip()}\n{rest}"


def _from_memory(doc: str) -> Doc:
    first, newline, rest = doc.partition("\n")
    if first.strip() and newline:
        return Doc(_join(first, textwrap.dedent(rest)), None)
    return Doc(textwrap.dedent(doc), None)
