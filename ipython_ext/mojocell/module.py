"""Compiled definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mojocell.errors import MojoError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mojocell.result import RunResult


class Function:
    """A Mojo function that is compiled and not yet callable from Python.

    Attributes
    ----------
    name : str
        Its name.
    signature : str
        As the source has it.
    line : int or None
        Where the cell defines it.
    """

    def __init__(self, name: str, signature: str, line: int | None) -> None:
        self.name = self.__name__ = name
        self.signature = signature
        self.line = line

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        """Say that this version does not bind functions."""
        msg = f"{self.name} is compiled, but this version of Mojocell cannot call it from Python"
        raise MojoError(
            msg, code="not_bound", hint="call it from a main() in the same source, and mc.run that"
        )

    def __repr__(self) -> str:
        return f"<Mojo {self.signature} (compiled; not callable from Python yet)>"


class MojoModule:
    """What a source defines, compiled.

    Attributes
    ----------
    functions : dict of str
        The signature of each top-level function that does not start with ``_`` and is not ``main``.
    skipped : dict of str
        Functions that cannot be offered to Python, each with the reason.
    result : RunResult or None
        Of a source that was also run.
    compiled : RunResult
        Where the compilation came from and what it took.

    Examples
    --------
    >>> import mojocell as mc
    >>> module = mc.compile("def twice(n: Int) -> Int: return 2 * n")
    >>> module.twice
    <Mojo def twice(n: Int) -> Int (compiled; not callable from Python yet)>
    """

    functions: dict[str, str]
    skipped: dict[str, str]

    def __init__(self, result: RunResult, *, ran: bool = False) -> None:
        self.compiled = result
        self.result = result if ran else None
        self.functions = {}
        self.skipped = {}
        self._lines: dict[str, int | None] = {}
        for item in result.cell.get("definitions") or ():
            self._add(item)

    def _add(self, item: dict[str, Any]) -> None:
        name = str(item.get("name") or "")
        if item.get("kind") != "def" or name.startswith("_") or name in ("", "main"):
            return
        if item.get("reason"):
            self.skipped[name] = str(item["reason"])
            return
        self.functions[name] = signature(item)
        self._lines[name] = item.get("line")

    def __getattr__(self, name: str) -> Function:
        functions = self.__dict__.get("functions", {})
        if name in functions:
            return Function(name, functions[name], self._lines.get(name))
        msg = f"the Mojo source defines no function {name!r}"
        if name in self.__dict__.get("skipped", {}):
            msg = f"{name} cannot be offered to Python: {self.skipped[name]}"
        raise AttributeError(msg)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.functions})

    def __repr__(self) -> str:
        return f"<MojoModule: {', '.join(self.functions) or 'no functions'}>"

    def _repr_html_(self) -> str:
        from mojocell import display

        return display.module_html(self)

    def _mime_(self) -> tuple[str, str]:
        """Show it in marimo."""
        return "text/html", self._repr_html_()


def signature(item: Mapping[str, Any]) -> str:
    """Return the signature of a definition in Mojo's own words.

    Parameters
    ----------
    item : mapping
        An entry of a result's ``cell["definitions"]``.

    Examples
    --------
    >>> n = {"name": "n", "type": "Int", "default": "3", "kind": "any", "convention": "mut"}
    >>> signature({"keyword": "def", "name": "f", "arguments": [n], "returns": "Int"})
    'def f(mut n: Int = 3) -> Int'
    """
    parameters = _list(item.get("parameters") or ())
    words = [
        "async " if item.get("async") else "",
        f"{item.get('keyword') or 'def'} {item.get('name')}",
        f"[{parameters}]" if parameters else "",
        f"({_list(item.get('arguments') or ())})",
        f" {item['effects']}" if item.get("effects") else "",
        f" -> {item['returns']}" if item.get("returns") else "",
        f" where {item['where']}" if item.get("where") else "",
    ]
    return "".join(words)


def _list(items: Sequence[Mapping[str, Any]]) -> str:
    """Return arguments or parameters with the marks that part them: ``//``, ``/`` and ``*``."""
    pieces: list[str] = []
    starred = False
    for number, item in enumerate(items):
        kind = item.get("kind")
        if kind == "keyword" and not starred:
            pieces.append("*")
        starred |= kind in ("keyword", "variadic")
        pieces.append(_argument(item))
        after = items[number + 1] if number + 1 < len(items) else {}
        if item.get("inferred") and not after.get("inferred"):
            pieces.append("//")
        if kind == "positional" and after.get("kind") != "positional":
            pieces.append("/")
    return ", ".join(pieces)


def _argument(item: Mapping[str, Any]) -> str:
    stars = {"variadic": "*", "keyword_variadic": "**"}.get(str(item.get("kind")), "")
    text = f"{item['convention']} " if item.get("convention") else ""
    text += f"{stars}{item.get('name')}"
    text += f": {item['type']}" if item.get("type") else ""
    return text + (f" = {item['default']}" if item.get("default") else "")
