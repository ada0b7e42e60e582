"""Compiled definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mojocell.errors import MojoError

if TYPE_CHECKING:
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
        if item.get("kind") not in ("def", "fn", "function") or name.startswith("_") or name in ("", "main"):
            return
        if item.get("reason"):
            self.skipped[name] = str(item["reason"])
            return
        self.functions[name] = str(item.get("signature") or self._signature(item) or f"def {name}(…)")
        self._lines[name] = item.get("line")

    def _signature(self, item: dict[str, Any]) -> str:
        """Return the signature as the source has it: from ``def`` to the colon that ends the head."""
        start = item.get("line")
        lines = self.compiled.source.split("\n")
        if not isinstance(start, int) or not 1 <= start <= len(lines):
            return ""
        return signature("\n".join(lines[start - 1 : start + 40]))

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


def signature(source: str) -> str:
    r"""Return the head of the ``def`` that a source starts with, in one line.

    Brackets, strings and comments are respected. This serves display alone.

    Examples
    --------
    >>> signature("def f(a: Int,  # first\n      b: String = ':') raises -> Int:\n    pass")
    "def f(a: Int, b: String = ':') raises -> Int"
    """
    import re

    pattern = r"#[^\n]*|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|[\[({]|[\])}]|:|\s+|."
    depth = 0
    pieces: list[str] = []
    for match in re.finditer(pattern, source):
        text = match.group()
        if text.startswith("#"):
            continue
        if text in "([{":
            depth += 1
        elif text in ")]}":
            depth -= 1
        elif text == ":" and depth == 0:
            head = re.sub(r" +", " ", "".join(pieces))
            return re.sub(r"([\[(]) ", r"\1", head).strip()
        pieces.append(" " if text.isspace() else text)
    return ""
