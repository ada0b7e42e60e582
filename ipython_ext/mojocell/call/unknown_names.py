"""Names that a source of Mojo does not know and its surroundings do: what leads from one to the other."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from mojocell.core import text
from mojocell.errors import MojoCompileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import FrameType

    from mojocell.core.result import RunResult
    from mojocell.diagnostics import Diagnostic

_UNKNOWN = re.compile(r"use of unknown declaration '(\w+)'")


class Way(Protocol):
    """How a source is given what it lacks, in the words of whoever wrote it."""

    #: What takes a value in.
    option: str

    def taking(self, names: Sequence[str]) -> str:
        """Return what takes variables in, beside those that are taken."""
        ...

    def using(self, name: str) -> str:
        """Return what takes a function or a module along, beside those that are taken."""
        ...


class Magic:
    """The line of ``%%mojo``.

    Examples
    --------
    >>> Magic(["rate"]).taking(["total"])
    '%%mojo -i rate,total'
    """

    option = "-i"

    def __init__(self, inputs: Iterable[str]) -> None:
        self._inputs = list(inputs)

    def taking(self, names: Sequence[str]) -> str:
        """Return the line."""
        return f"%%mojo -i {','.join(dict.fromkeys([*self._inputs, *names]))}"

    def using(self, name: str) -> str:
        """Return the call that can: a line cannot."""
        return f"mc.cell(source, using=[{name}])"


class Call:
    """The arguments of `mc.cell` and `mc.compile`; other functions have none of these.

    Examples
    --------
    >>> Call(inputs=["rate"]).taking(["total"])
    'inputs={"rate": rate, "total": total}'
    >>> Call(has_them=False).using("area")
    'mc.cell(source, using=[area])'
    """

    option = "inputs="

    def __init__(
        self, *, inputs: Iterable[str] = (), using: Iterable[str] = (), has_them: bool = True
    ) -> None:
        self._inputs, self._using = list(inputs), list(using)
        self._has_them = has_them

    def taking(self, names: Sequence[str]) -> str:
        """Return the argument."""
        pairs = ", ".join(f'"{name}": {name}' for name in dict.fromkeys([*self._inputs, *names]))
        return self._said(f"inputs={{{pairs}}}")

    def using(self, name: str) -> str:
        """Return the argument."""
        return self._said(f"using=[{', '.join(dict.fromkeys([*self._using, name]))}]")

    def _said(self, argument: str) -> str:
        return argument if self._has_them else f"mc.cell(source, {argument})"


def callers_names() -> dict[str, Any]:
    """Return the names that whoever called the package has there."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (as namedtuple does)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "mojocell":
        frame = frame.f_back
    return {**frame.f_globals, **frame.f_locals} if frame is not None else {}


def names_of(values: Iterable[object], names: Mapping[str, Any]) -> list[str]:
    """Return what values are called, those that have a name.

    Examples
    --------
    >>> a, b = object(), object()
    >>> names_of([b, object()], {"a": a, "b": b})
    ['b']
    """
    found = ((value, next((name for name, each in names.items() if each is value), None)) for value in values)
    return [name for _, name in found if name is not None]


def add_hints(
    result: RunResult, names: Mapping[str, Any], way: Way, *, hidden: Mapping[str, Any] | None = None
) -> None:
    """Give each error about an unknown name that the surroundings know a hint, unless it has one.

    Parameters
    ----------
    result : RunResult
        Of the source.
    names : mapping
        The names around it.
    way : Way
        How it is given what it lacks.
    hidden : mapping, optional
        The names that are a shell's own.

    Examples
    --------
    >>> import mojocell as mc
    >>> result = mc.run("print(total)", check=False)
    >>> add_hints(result, {"total": 3}, Magic(["rate"]))
    >>> result.diagnostics[0].hint
    '`total` is a Python variable: `%%mojo -i rate,total` takes it in'
    """
    error = result.error
    if not isinstance(error, MojoCompileError):
        return
    wanted = sorted({_name(item) for item in result.diagnostics} - {""})
    known = {name: names[name] for name in wanted if name in names and name not in (hidden or ())}
    hints = {name: _hint(name, value, known, way) for name, value in known.items()}
    hints.update({name: hint for name in wanted if name not in hints if (hint := _defined(name, names, way))})
    result.diagnostics = tuple(_hinted(item, result, hints) for item in result.diagnostics)
    error.diagnostics = result.diagnostics
    error.hint = error.hint or next((item.hint for item in result.diagnostics if item.kind == "error"), None)


def _name(item: Diagnostic) -> str:
    found = _UNKNOWN.match(item.message)
    return found[1] if found and not item.hint and not item.file else ""


def _hinted(item: Diagnostic, result: RunResult, hints: Mapping[str, tuple[str, str]]) -> Diagnostic:
    found = hints.get(_name(item))
    if found is None:
        return item
    return item._replace(hint=found[_place(item, result) == "definitions"])


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


def _hint(name: str, value: object, known: Mapping[str, Any], way: Way) -> tuple[str, str]:
    """Return what to do in statements, and in a definition."""
    from mojocell._bridge import Function
    from mojocell.call.module import MojoModule

    if isinstance(value, Function):
        hint = f"`{name}` is a Mojo function of another cell: `{way.using(name)}` takes it along"
    elif isinstance(value, MojoModule):
        hint = f"`{name}` has Mojo functions: `{way.using(name)}` knows them by their own names"
    elif isinstance(value, ModuleType) or callable(value):
        hint = (
            f"`{name}` is Python's, which Mojo cannot call: call it in Python, "
            f"and take the result in with {way.option}"
        )
    elif not crosses(value):
        hint = f"`{name}` is a Python variable ({type(value).__name__}), for which Mojo has no type"
    else:
        return _variable(name, [each for each in known if crosses(known[each])], way)
    return hint, hint


def _variable(name: str, taken: Sequence[str], way: Way) -> tuple[str, str]:
    hint = f"`{name}` is a Python variable: `{way.taking(taken)}` takes it in"
    statements = hint
    hint = f"`{name}` is a Python variable, which a definition does not see: make it an argument"
    return statements, hint


def _defined(name: str, names: Mapping[str, Any], way: Way) -> tuple[str, str] | None:
    """Say which module defines a name."""
    from mojocell.call.module import MojoModule

    for owner, value in names.items():
        if isinstance(value, MojoModule) and name in text.defines(value.__mojo__.source):
            hint = f"`{name}` is defined by `{owner}`: `{way.using(owner)}` takes it along"
            return hint, hint
    return None
