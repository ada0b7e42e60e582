"""Compiled definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mojocell import hosts
from mojocell.call import structs
from mojocell.call.unit import Calling, Unit, unit_of
from mojocell.core import text
from mojocell.core.result import signatures
from mojocell.errors import MojoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mojocell._bridge import Function as MojoFunction
    from mojocell.core.request import Job
    from mojocell.core.result import RunResult


class MojoModule:
    """What a source defines, compiled: its functions are attributes, to be called from Python.

    Attributes
    ----------
    functions : dict of str
        The signature of each function that can be called, in Mojo's words; of overloads, one a line.
    structs : dict of str
        The dataclasses of structs that it defines, and of those that its functions take or give; they are
        attributes, too.
    skipped : dict of str
        Functions that cannot be called from Python, each with the reason.
    result : RunResult or None
        Of a source that was also run.
    outputs : dict
        The variables that a cell of statements gave back; they are attributes, too.
    compiled : RunResult
        Where the compilation came from and what it took.

    Examples
    --------
    >>> import mojocell as mc
    >>> module = mc.compile("def twice(n: Int) -> Int: return 2 * n")
    >>> module.twice(21)
    42
    >>> module
    <MojoModule: twice>
    """

    functions: dict[str, str]
    structs: dict[str, type]
    skipped: dict[str, str]
    result: RunResult | None
    outputs: dict[str, Any]
    compiled: RunResult
    __mojo__: Unit

    def __init__(
        self, unit: Unit, *, ran: RunResult | None = None, outputs: Mapping[str, Any] | None = None
    ) -> None:
        hosts.know_by_content(lambda: MojoModule, _content)
        own = self.__dict__
        own["__mojo__"] = unit
        own["compiled"] = unit.result
        own["result"] = ran
        own["outputs"] = dict(outputs or {})
        own["functions"] = signatures(unit.result.functions)
        own["structs"] = structs.by_name(unit.result.records, unit.classes)
        own["skipped"] = unit.skipped

    def __getattr__(self, name: str) -> Any:
        unit = self.__dict__.get("__mojo__")
        if name in self.__dict__.get("outputs", ()):
            return self.outputs[name]
        if name in self.__dict__.get("structs", ()):
            return self.structs[name]
        if unit is None or name not in unit.entries:
            raise AttributeError(self._lacks(name), name=name, obj=self)
        found: MojoFunction = unit.function(name)
        self.__dict__[name] = found
        return found

    def _lacks(self, name: str) -> str:
        skipped = self.__dict__.get("skipped", {})
        if name in skipped:
            return f"{name} cannot be called from Python: {skipped[name]}"
        defined = ", ".join(self.__dict__.get("functions", ())) or "none"
        return f"the Mojo source defines no function {name!r}; it defines {defined}"

    def __setattr__(self, name: str, _value: object) -> None:
        msg = f"{name!r} cannot be set: a Mojo module is what its source says"
        raise AttributeError(msg)

    def __getitem__(self, name: str) -> MojoFunction:
        """Return a function whose name an attribute cannot have, or that the module itself uses."""
        if name not in self.functions:
            raise KeyError(self._lacks(name))
        return self.__mojo__.function(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.functions, *self.structs, *self.outputs})

    def __repr__(self) -> str:
        return f"<MojoModule: {', '.join(self.functions) or 'no functions'}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MojoModule):
            return NotImplemented
        if self.outputs or other.outputs:  # of which arrays have no one answer
            return self is other
        return self._same() == other._same()

    def __hash__(self) -> int:
        return hash(self._same())

    def _same(self) -> tuple[str, Calling]:
        return self.__mojo__.job.identity(), self.__mojo__.calling

    def __copy__(self) -> MojoModule:
        return self

    def __deepcopy__(self, _memo: object) -> MojoModule:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        unit = self.__mojo__
        return restore, (unit.job, unit.calling, self.result, self.outputs)

    def _text(self) -> str:
        """Return what a cell of definitions has."""
        from mojocell.show.words import plural

        lines = [f"compiled {plural(len(self.functions), 'function')}"]
        lines += [f"  {line}" for signature in self.functions.values() for line in signature.split("\n")]
        lines += [f"  skipped {name}: {reason}" for name, reason in self.skipped.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from mojocell.core.result import times_html, warnings_html
        from mojocell.show import html

        if self.result is not None:
            return self.result._repr_html_()
        return html.printed(self._text()) + warnings_html(self.compiled) + times_html(self.compiled)

    def _mime_(self) -> tuple[str, str]:
        """Show it in marimo, with its source; that of a program only where its cell is not seen."""
        from mojocell.show import html

        is_seen = self.result is not None and hosts.current().shows_code()
        return "text/html", ("" if is_seen else html.code(self.__mojo__.source)) + self._repr_html_()


def _content(module: MojoModule) -> bytes:
    """Return what a module is made of, as caches know it."""
    import pickle

    content = module.__mojo__.content()
    return content + pickle.dumps(module.outputs) if module.outputs else content


def module_of(
    job: Job,
    result: RunResult,
    *,
    mode: str | None = None,
    nogil: bool = False,
    module: str = "__main__",
    outputs: Mapping[str, Any] | None = None,
) -> MojoModule:
    """Return the module of what was compiled.

    Parameters
    ----------
    job, result : Job, RunResult
        What was asked for and what came of it.
    mode, nogil, module
        How its functions are called, as for `Calling`.
    outputs : mapping, optional
        The variables that it gave back.
    """
    unit = Unit(job, result, Calling(mode, bool(nogil), module))
    ran = result if job.op == "run" and result.kind != "definitions" else None
    return MojoModule(unit, ran=ran, outputs=outputs)


def restore(job: Job, calling: Calling, ran: RunResult | None, outputs: dict[str, Any]) -> MojoModule:
    """Return the module of what was asked for, in whatever process this is: what pickles call."""
    unit = unit_of(job, calling)
    return MojoModule(unit, ran=ran, outputs=outputs) if ran is not None else MojoModule(unit)


def using(items: Sequence[MojoFunction | MojoModule], source: str) -> list[dict[str, Any]]:
    """Return the ``using`` of a request for functions and modules of other sources.

    Parameters
    ----------
    items : sequence of MojoFunction or MojoModule
        Of a module all that it defines is known: its functions, and what else the source names.
    source : str
        What uses them.
    """
    names: dict[int, tuple[Unit, list[str]]] = {}
    for item in items:
        unit = getattr(item, "__mojo__", None)
        if not isinstance(unit, Unit):
            msg = f"using must be a list of Mojo functions or modules, which {item!r} is not"
            raise TypeError(msg)
        unit = _unit_now(item, unit)
        is_module = isinstance(item, MojoModule)
        chosen = given(unit.entries, unit.source, source) if is_module else [item.__name__]
        known = names.setdefault(id(unit), (unit, []))[1]
        known += [name for name in chosen if name not in known]
    return [unit.used(chosen) for unit, chosen in names.values()]


def _unit_now(item: Any, unit: Unit) -> Unit:
    """Return a unit, or what has taken its place where the function or module is out of date."""
    is_module = isinstance(item, MojoModule)
    stale: Any = unit.stale if is_module else item.stale
    if callable(stale) and (unit.entries or not is_module):
        made = stale(next(iter(unit.entries))) if is_module else stale()
        return _unit_now(made, made.__mojo__)
    if stale:
        why = "a cell that it uses was changed; run its own again" if callable(stale) else stale
        msg = f"{unit.name if is_module else item.__name__} is stale: {why}"
        raise MojoError(msg, code="stale")
    return unit


def given(entries: Iterable[str], module: str, source: str) -> list[str]:
    """Return what a source has of a whole module: the functions that can be called, and what it names.

    Parameters
    ----------
    entries : iterable of str
        Those functions.
    module, source : str
        What the module says, and what uses it.
    """
    defined = text.defines(module).keys() - {"main"}
    return [*entries, *(name for name in text.uses(source) if name in defined)]
