"""Which of a notebook's names are functions of which cell: binding them, and taking them back."""

from __future__ import annotations

import builtins
import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import settings
from mojocell.call import structs
from mojocell.errors import MojoCompileError, MojoError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from mojocell._bridge import Function as MojoFunction
    from mojocell.call.module import MojoModule
    from mojocell.core.request import Job
    from mojocell.core.result import RunResult

#: What a function says whose cell was changed, and does not run in its place.
NOT_COMPILED = "the cell that defines it did not compile; fix and run it"
NOT_DEFINED = "the cell that defined it does not any more"
NOT_BOUND = "the cell that defined it does not bind it any more"

#: More names than this in a line are counted.
_SHOWN = 8


class Bound(NamedTuple):
    """What a cell's definitions became.

    Attributes
    ----------
    names : list of str
        The names that they are bound to.
    skipped : dict of str
        Those that are not, each with the reason.
    warnings : list of str
        What was replaced or hidden by it.
    where : str or None
        Why the functions run isolated although they were to run inline.
    module : str or None
        The one name that has them as attributes.
    """

    names: list[str]
    skipped: dict[str, str]
    warnings: list[str]
    where: str | None = None
    module: str | None = None

    def headline(self) -> str:
        """Return it in a line: ``bound fibonacci, mean; skipped parse``."""
        parts = []
        if self.module:
            inside = f" with {_some(self.names)}" if self.names else ""
            parts.append(f"bound {self.module}{inside}")
        elif self.names:
            parts.append(f"bound {_some(self.names)}")
        if self.skipped:
            parts.append(f"skipped {_some(self.skipped)}")
        return "; ".join(parts)


def _some(names: Iterable[str]) -> str:
    names = list(names)
    if len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: _SHOWN - 1])} and {len(names) - _SHOWN + 1} more"


class _Cell:
    """What one cell bound: functions by name, and the source that they are from."""

    def __init__(self) -> None:
        self.functions: dict[str, MojoFunction] = {}
        self.modules: dict[str, MojoModule] = {}
        self.source: str | None = None

    def outdate(self, source: str, refresh: Callable[[str], Any]) -> None:
        for name, function in self.functions.items():
            if function.__mojo__.source == source:  # type: ignore[attr-defined]
                function.stale = functools.partial(refresh, name)
        for module in self.modules.values():
            if module.__mojo__.source == source:
                module.__mojo__.outdate(refresh)

    def set_stale(self, reason: str, names: Iterable[str] | None = None) -> None:
        for name in list(self.functions) if names is None else names:
            if name in self.functions:
                self.functions[name].stale = reason
        for module in self.modules.values():
            if names is None:
                module.__mojo__.set_stale(reason)


class Binder:
    """Binds what cells define to the names of an IPython.

    A cell is known by the identity that the front end gives it. Without one, in a terminal, all
    cells are one to which each adds, and a name is what its functions are known by.

    Parameters
    ----------
    shell : InteractiveShell
        Whose names.
    """

    def __init__(self, shell: Any) -> None:
        self._ip = shell
        self._cells: dict[str | None, _Cell] = {}
        self._warned: set[str] = set()

    def bind_result(
        self, cell: str | None, job: Job, result: RunResult, opts: argparse.Namespace
    ) -> Bound | None:
        """Bind what a cell defines; None where its magic binds nothing, or it did not compile.

        Parameters
        ----------
        cell : str or None
            The cell's identity.
        job, result : Job, RunResult
            What was asked for and what came of it.
        opts : Namespace
            What stood on the magic's line.

        Raises
        ------
        MojoError
            The artifact of a cell of definitions cannot be loaded.
        """
        if not hasattr(opts, "bind_as"):
            return None
        if isinstance(result.error, MojoCompileError):
            defined = [str(item.get("name")) for item in result.cell.get("definitions") or ()]
            self.failed(cell, job.source, defined)
            return None
        from mojocell.call.module import module_of

        mode = opts.mode if opts.mode in settings.CALL_MODES else None
        module = module_of(job, result, mode=mode, nogil=opts.nogil)
        module.__mojo__.tells = False
        try:
            return self.bind(cell, module, name=opts.bind_as, wanted=not opts.no_bind)
        except MojoError as error:
            # A program has run and is what its cell is about.
            if result.kind == "definitions":
                raise
            return Bound([], {}, [f"the cell's functions are not bound: {error.message}"])

    def bind(
        self, cell: str | None, module: MojoModule, *, name: str | None = None, wanted: bool = True
    ) -> Bound:
        """Bind the functions of a cell that compiled, or the module to one name; forget what it bound before.

        Parameters
        ----------
        cell : str or None
            The cell's identity.
        module : MojoModule
            What it defines.
        name : str or None
            ``--as``: the name of the module.
        wanted : bool
            False for ``--no-bind``.

        Raises
        ------
        MojoError
            The artifact cannot be loaded.
        """
        skipped = {each: why for each, why in module.skipped.items() if module.__mojo__.wanted(each)}
        values: dict[str, Any] = {}
        if wanted and name is None:
            values, refused = _callables(module)
            skipped.update(refused)
        elif wanted and name:
            values = {name: module}
            for each in module.functions:
                module.__mojo__.function(each)
        warnings = [text for each, value in values.items() if (text := self._warning(each, value))]
        self._replace(cell, module, values)
        if values:
            self._ip.push(values)
        where = module.__mojo__.mode()[1] if values and module.functions else None
        names = list(module.functions) if name else list(values)
        return Bound(names if wanted else [], skipped, warnings, where, name if wanted else None)

    def _replace(self, cell: str | None, module: MojoModule, values: dict[str, Any]) -> None:
        """Take note of what a cell binds now; what it bound before and does not now is stale."""
        before = self._cells.setdefault(cell, _Cell())
        now = _Cell() if cell is not None else before
        gone = [each for each in before.functions if each not in values]
        if cell is not None:
            defined = [each for each in gone if each in module.functions]
            before.set_stale(NOT_BOUND, defined)
            before.set_stale(NOT_DEFINED, [each for each in gone if each not in defined])
        for each, value in values.items():
            if isinstance(value, structs.StructType):
                continue
            if isinstance(value, _module_type()):
                now.modules[each] = value
            else:
                now.functions[each] = value
        now.source = module.__mojo__.source
        self._cells[cell] = now

    def outdate(self, cell: str | None, source: str, refresh: Callable[[str], Any]) -> None:
        """Let a cell's functions ask, when they are called next, for what takes their place.

        Parameters
        ----------
        cell : str or None
            The cell's identity.
        source : str
            What it says: in a terminal all cells are one.
        refresh : callable
            Returns the function of a name.
        """
        found = self._cells.get(cell)
        if found is not None:
            found.outdate(source, refresh)

    def current(self, cell: str | None, name: str) -> Any:
        """Return a cell's function of a name that runs what its cell says; None where it is out of date."""
        found = self._cells.get(cell) or _Cell()
        functions = [
            *(
                module.__mojo__.function(name)
                for module in found.modules.values()
                if name in module.functions
            ),
            *(made for each, made in found.functions.items() if each == name),
        ]
        return next((made for made in functions if made.stale is None), None)

    def rebind(
        self, cell: str | None, job: Job, result: RunResult, opts: argparse.Namespace, name: str
    ) -> Any:
        """Bind a cell again that was compiled again, where its names are still its own; return a function."""
        found = self._cells.get(cell) or _Cell()
        own = {**found.functions, **found.modules}
        others = {each: value for each, value in self._ip.user_ns.items() if own.get(each) is not value}
        bound = self.bind_result(cell, job, result, opts)
        names = [*bound.names, bound.module] if bound is not None else []
        kept = {each: others[each] for each in names if each in others}
        if kept:
            self._ip.push(kept)
        now = self._cells[cell]
        module = now.modules.get(str(opts.bind_as))
        return module.__mojo__.function(name) if module is not None else now.functions[name]

    def give_back(self, name: str, cell: str | None, owner: str | None) -> None:
        """Let a name that a cell has bound be another cell's function again, where it is still its own.

        Parameters
        ----------
        name : str
            The name.
        cell, owner : str or None
            Who does not define it any more, and who does.
        """
        lost = self._cells.get(cell, _Cell()).functions.get(name)
        found = self._cells.get(owner, _Cell()).functions.get(name)
        if lost is not None and found is not None and self._ip.user_ns.get(name) is lost:
            self._ip.push({name: found})

    def failed(
        self, cell: str | None, source: str, defined: Iterable[str], *, compiled: bool = False
    ) -> None:
        """Take note that a cell did not compile, or that nobody knows: its functions are stale.

        Parameters
        ----------
        cell : str or None
            The cell's identity.
        source : str
            What it says now.
        defined : iterable of str
            The functions in it, as far as they were found.
        compiled : bool
            It was stopped, or nothing was asked of a compiler: what still says the same stays.
        """
        found = self._cells.get(cell)
        if found is None or (compiled and found.source == source):
            return
        found.set_stale(NOT_COMPILED, None if cell is not None else list(defined))

    def _warning(self, name: str, now: object) -> str | None:
        """Say that a name had another meaning, once for each name."""
        user: dict[str, Any] = self._ip.user_ns
        own: dict[str, Any] = self._ip.user_ns_hidden
        missing = object()
        value = user.get(name, missing)
        is_own = value is missing or (name in own and own[name] is value)
        if name in self._warned or isinstance(value, _module_type() | _function_type() | structs.StructType):
            return None
        if is_own and value is missing and not hasattr(builtins, name):
            return None
        self._warned.add(name)
        if is_own:
            return f"`{name}` hides Python's own until `del {name}`"
        what = "struct" if isinstance(now, structs.StructType) else "function"
        return f"`{name}` was a Python variable ({type(value).__name__}) and is a Mojo {what} now"


def _function_type() -> Any:
    from mojocell._bridge import Function

    return Function


def _module_type() -> Any:
    from mojocell.call.module import MojoModule

    return MojoModule


def _callables(module: MojoModule) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the functions and structs that a Python name can have, and the others with the reason."""
    from keyword import iskeyword

    found: dict[str, Any] = {**structs.by_name(module.compiled.records, module.__mojo__.classes, own=True)}
    refused = {}
    for name in module.functions:
        if iskeyword(name) or not name.isidentifier():
            refused[name] = f"it is no name for Python: bind the module with --as m, and use m[{name!r}]"
        else:
            found[name] = module.__mojo__.function(name)
    return found, refused
