"""The Mojo of a Python file: what its calls of ``mc.cell``, ``mc.compile`` and ``mc.run`` compile.

Nothing of the file runs. A call is understood where its arguments are literals, and where ``using=`` names
what other such calls of the file give.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.arguments import checked
from mojocell.call import module
from mojocell.cells.book import Planned
from mojocell.core.request import Job
from mojocell.settings import CALL_MODES, PROGRAM_MODES

if TYPE_CHECKING:
    from mojocell.core.result import RunResult

_CALLS = ("cell", "compile", "run")
#: What makes no other artifact.
_PLAIN = {
    "args",
    "stdin",
    "timeout",
    "memory",
    "cpu",
    "processes",
    "most_output",
    "nogil",
    "name",
    "check",
    "echo",
}
_UNKNOWN = "it takes values of Python's, whose types are known when it runs"


class _Call(NamedTuple):
    """One call, and the name that its module is given."""

    line: int
    given: dict[str, ast.expr]
    name: str | None


class Calls:
    r"""The Mojo cells of a Python file: a notebook of marimo, or a script.

    Parameters
    ----------
    text : str
        The file.

    Raises
    ------
    SyntaxError
        It is not Python.

    Examples
    --------
    >>> book = Calls("import mojocell as mc\nm = mc.cell('def one() -> Int: return 1', flags=['-O1'])\n"
    ...              "n = mc.cell('print(x)', inputs={'x': 3})")
    >>> [(planned.number, planned.job.flags) for planned in book.plan()]
    [(0, ('-O1',))]
    >>> book.labels, book.skipped
    (['line 2', 'line 3'], {1: "it takes values of Python's, whose types are known when it runs"})
    """

    def __init__(self, text: str) -> None:
        tree = ast.parse(text)
        self._calls = _calls(tree)
        self._functions = _attributes(tree)
        self._results: dict[int, tuple[Job, RunResult]] = {}
        self._planned: set[int] = set()
        self.labels = [f"line {call.line}" for call in self._calls]
        self.skipped: dict[int, str] = {}

    def plan(self) -> list[Planned]:
        """Return what is to be compiled, as far as it was not returned before."""
        found = []
        for number, call in enumerate(self._calls):
            if number in self._planned or number in self.skipped:
                continue
            try:
                job = self._job(call)
            except (TypeError, ValueError) as error:
                self.skipped[number] = str(error)
                continue
            if job is not None:
                self._planned.add(number)
                found.append(Planned(number, job))
        return found

    def note(self, planned: Planned, result: RunResult) -> None:
        """Take note of what came of it."""
        self._results[planned.number] = (planned.job, result)

    def _job(self, call: _Call) -> Job | None:
        """Return what compiles it; None while what it uses is not compiled."""
        given = {
            name: _literal(value) for name, value in call.given.items() if name not in {*_PLAIN, "using"}
        }
        if given.pop("inputs", None):
            raise ValueError(_UNKNOWN)
        used = self._using(call.given.get("using"), str(given.get("source")))
        if used is None:
            return None
        asked = checked(given, (*CALL_MODES, *PROGRAM_MODES))
        if asked.pop("force", False) or asked.get("mode") == "run":
            msg = "it compiles anew each time"
            raise ValueError(msg)
        outputs = tuple(asked.pop("outputs", ()))
        asked.pop("mode", None)
        return Job(op="compile", using=used, **asked).but(outputs=outputs)

    def _using(self, value: ast.expr | None, source: str) -> list[dict[str, Any]] | None:
        if value is None:
            return []
        if not isinstance(value, ast.List | ast.Tuple):
            msg = "what it uses is known when it runs"
            raise ValueError(msg)  # noqa: TRY004  (of the file, not of an argument)
        chosen: dict[int, list[str]] = {}
        for item in value.elts:
            number, names = self._used(item)
            if number not in self._results:
                if number in self.skipped:
                    raise ValueError(self.skipped[number])
                return None
            _, result = self._results[number]
            if not names:
                entries = dict.fromkeys(str(entry["name"]) for entry in result.functions)
                names = module.given(entries, result.source, source)
            known = chosen.setdefault(number, [])
            known += [name for name in names if name not in known]
        return [self._item(number, names) for number, names in chosen.items()]

    def _item(self, number: int, names: list[str]) -> dict[str, Any]:
        """Return an item of ``using``, as a compiled unit has it."""
        job, result = self._results[number]
        item: dict[str, Any] = {"source": result.source, "names": names}
        return {**item, "using": list(job.using)} if job.using else item

    def _used(self, item: ast.expr) -> tuple[int, list[str]]:
        """Return the call that something comes from, and the function that it is; none: the module."""
        if isinstance(item, ast.Name) and item.id in self._functions:
            item = self._functions[item.id]
        names = []
        if isinstance(item, ast.Attribute):
            names, item = [item.attr], item.value
        numbers = {call.name: number for number, call in enumerate(self._calls) if call.name}
        if not isinstance(item, ast.Name) or item.id not in numbers:
            msg = "what it uses is known when it runs"
            raise ValueError(msg)
        return numbers[item.id], names


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except ValueError:
        raise ValueError(_UNKNOWN) from None


def _calls(tree: ast.Module) -> list[_Call]:
    """Return the calls in their order."""
    modules, functions = _names(tree)
    names = {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not _is_ours(node.func, modules, functions):
            continue
        given = {word.arg: word.value for word in node.keywords if word.arg}
        if node.args:
            given["source"] = node.args[0]
        if "source" in given:
            found.append(_Call(node.lineno, given, names.get(id(node))))
    return sorted(found, key=lambda call: call.line)


def _names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return what the package and its functions are called in a file."""
    modules, functions = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {each.asname or each.name for each in node.names if each.name == "mojocell"}
        elif isinstance(node, ast.ImportFrom) and node.module == "mojocell":
            functions |= {each.asname or each.name for each in node.names if each.name in _CALLS}
    return modules, functions


def _is_ours(function: ast.expr, modules: set[str], functions: set[str]) -> bool:
    if isinstance(function, ast.Name):
        return function.id in functions
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _CALLS
        and isinstance(function.value, ast.Name)
        and function.value.id in modules
    )


def _attributes(tree: ast.Module) -> dict[str, ast.expr]:
    """Return names that are given an attribute of another one: ``area = m.area``."""
    return {
        node.targets[0].id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Attribute)
    }
