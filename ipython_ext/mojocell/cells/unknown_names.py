"""Names that a cell of Mojo does not know and the notebook does: what leads from one to the other."""

from __future__ import annotations

import re
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mojocell.errors import MojoCompileError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from mojocell.core.result import RunResult
    from mojocell.diagnostics import Diagnostic

_UNKNOWN = re.compile(r"use of unknown declaration '(\w+)'")


def add_hints(
    result: RunResult, names: Mapping[str, Any], opts: argparse.Namespace, hidden: Mapping[str, Any]
) -> None:
    """Give each error about an unknown name that the notebook knows a hint, unless it has one.

    Parameters
    ----------
    result : RunResult
        Of the cell.
    names : mapping
        The notebook's names.
    opts : Namespace
        What stood on the magic's line.
    hidden : mapping
        The names that are the shell's own.

    Examples
    --------
    >>> import mojocell as mc
    >>> from argparse import Namespace
    >>> result = mc.run("print(total)", check=False)
    >>> add_hints(result, {"total": 3}, Namespace(inputs=["rate"]), {})
    >>> result.diagnostics[0].hint
    '`total` is a Python variable: `%%mojo -i rate,total` takes it in'
    """
    error = result.error
    if not isinstance(error, MojoCompileError):
        return
    wanted = {_name(item) for item in result.diagnostics}
    known = {name: names[name] for name in sorted(wanted) if name in names and name not in hidden}
    inputs = [*(getattr(opts, "inputs", None) or ()), *(name for name in known if crosses(known[name]))]
    taken = ",".join(dict.fromkeys(inputs))
    result.diagnostics = tuple(_hinted(item, result, known, taken) for item in result.diagnostics)
    error.diagnostics = result.diagnostics
    error.hint = error.hint or next((item.hint for item in result.diagnostics if item.kind == "error"), None)


def _name(item: Diagnostic) -> str:
    found = _UNKNOWN.match(item.message)
    return found[1] if found and not item.hint and not item.file else ""


def _hinted(item: Diagnostic, result: RunResult, names: Mapping[str, Any], taken: str) -> Diagnostic:
    name = _name(item)
    if name not in names:
        return item
    return item._replace(hint=_hint(name, names[name], _place(item, result), taken))


def _place(item: Diagnostic, result: RunResult) -> str:
    """Return what a line is in: statements, or a definition."""
    line = item.line or 0
    inside = any(
        each.get("line", 0) <= line <= each.get("end_line", 0)
        for each in result.cell.get("definitions") or ()
    )
    return "definitions" if inside else result.kind


def crosses(value: object) -> bool:
    """Tell whether a cell of statements can take a value.

    Examples
    --------
    >>> crosses(3), crosses({})
    (True, False)
    """
    from mojocell.call import inputs

    try:
        inputs.mojo_type("value", value)
    except (TypeError, ValueError):
        return False
    return True


def _hint(name: str, value: object, place: str, taken: str) -> str:
    from mojocell._bridge import Function
    from mojocell.call.module import MojoModule

    if isinstance(value, Function):
        hint = (
            f"`{name}` is a Mojo function of another cell: `mc.cell(source, using=[{name}])` takes it along, "
            "or define it here too"
        )
    elif isinstance(value, MojoModule):
        hint = f"`{name}` has Mojo functions: `mc.cell(source, using=[{name}])` knows them by their own names"
    elif isinstance(value, ModuleType) or callable(value):
        hint = (
            f"`{name}` is Python's, which Mojo cannot call: call it in Python, and take the result in with -i"
        )
    elif not crosses(value):
        hint = f"`{name}` is a Python variable ({type(value).__name__}), for which Mojo has no type"
    elif place == "statements":
        hint = f"`{name}` is a Python variable: `%%mojo -i {taken}` takes it in"
    else:
        hint = f"`{name}` is a Python variable, which a definition does not see: make it an argument"
    return hint
