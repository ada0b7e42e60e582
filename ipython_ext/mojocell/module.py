"""Compiled definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mojocell import functions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mojocell._bridge import Function as MojoFunction
    from mojocell._job import Job
    from mojocell.functions import Unit
    from mojocell.result import RunResult


class MojoModule:
    """What a source defines, compiled: its functions are attributes, to be called from Python.

    Attributes
    ----------
    functions : dict of str
        The signature of each function that can be called, in Mojo's words; of overloads, one a line.
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
    skipped: dict[str, str]
    result: RunResult | None
    outputs: dict[str, Any]
    compiled: RunResult
    __mojo__: Unit

    def __init__(
        self, unit: Unit, *, ran: RunResult | None = None, outputs: Mapping[str, Any] | None = None
    ) -> None:
        own = self.__dict__
        own["__mojo__"] = unit
        own["compiled"] = unit.result
        own["result"] = ran
        own["outputs"] = dict(outputs or {})
        own["functions"] = {
            name: "\n".join(str(entry.get("signature") or name) for entry in entries)
            for name, entries in unit.entries.items()
        }
        own["skipped"] = unit.skipped

    def __getattr__(self, name: str) -> Any:
        unit = self.__dict__.get("__mojo__")
        if name in self.__dict__.get("outputs", ()):
            return self.outputs[name]
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
        return sorted({*super().__dir__(), *self.functions, *self.outputs})

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

    def _same(self) -> tuple[str, str]:
        return self.__mojo__.source, repr(self.__mojo__.options)

    def __copy__(self) -> MojoModule:
        return self

    def __deepcopy__(self, _memo: object) -> MojoModule:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        unit = self.__mojo__
        return restore, (unit.source, unit.options, self.result, self.outputs)

    def _repr_html_(self) -> str:
        from mojocell import display

        return display.module_html(self)

    def _mime_(self) -> tuple[str, str]:
        """Show it in marimo, with its source."""
        from mojocell import marimo_cell

        return "text/html", marimo_cell.module_html(self)


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
        As for `functions.Unit`.
    outputs : mapping, optional
        The variables that it gave back.
    """
    unit = functions.Unit(job, result, mode=mode, nogil=nogil, module=module)
    ran = result if job.op == "run" and result.kind != "definitions" else None
    return MojoModule(unit, ran=ran, outputs=outputs)


def restore(
    source: str, options: dict[str, Any], ran: RunResult | None, outputs: dict[str, Any]
) -> MojoModule:
    """Return the module of a source, in whatever process this is: what pickles call."""
    found: MojoModule = functions.rebuild(source, options)
    return MojoModule(found.__mojo__, ran=ran, outputs=outputs) if ran is not None else found
