"""Where the time of a Mojo cell or function goes: `profile`."""

from __future__ import annotations

import copy
import functools
import html
import itertools
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import comparison, throughput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mojocell._bridge import Function as MojoFunction
    from mojocell.call.unit import Unit
    from mojocell.core.machine import Machine
    from mojocell.core.result import RunResult
    from mojocell.throughput import Throughput


class Stage(NamedTuple):
    """A part of the time."""

    name: str
    seconds: float
    spread: float | None
    """Half of the distance between the quartiles, as a share; None where it was measured once."""
    says: str
    """What it is made of, where that is not in the name."""
    part: bool = False
    """Whether it is contained in the stage before."""


class Profile:
    """What `profile` found; shows itself as a table.

    Attributes
    ----------
    title : str
        What was looked at.
    stages : list of Stage
        In the order in which they happen.
    machine : Machine
        Where that was; ``machine.target_cpu`` is what the code was compiled for.
    copies : int
        How many arguments that the function only reads are copied in a call, because their elements
        do not lie in one run of memory.
    copied : int
        The bytes of those.
    throughput : Throughput or None
        Elements and bytes a second beside a copy of as many bytes, and which of memory or arithmetic
        bounds the function; None where no array of at least 1,024 bytes goes in or comes out.

    Examples
    --------
    >>> import mojocell as mc
    >>> found = mc.profile(mc.run("print(42)"))
    >>> list(found.seconds)
    ['queue', 'identify', 'scan', 'compile', 'other', 'load', 'run']
    """

    def __init__(
        self,
        title: str,
        stages: list[Stage],
        machine: Machine,
        copies: tuple[int, int] = (0, 0),
        throughput: Throughput | None = None,
    ) -> None:
        self.title = title
        self.copies, self.copied = copies
        self.throughput = throughput
        self.stages = stages
        self.machine = machine

    @property
    def seconds(self) -> dict[str, float]:
        """The time of each stage; where a stage was repeated, the median."""
        return {stage.name: stage.seconds for stage in self.stages}

    @property
    def table(self) -> list[dict[str, Any]]:
        """The stages as plain values, for a data frame."""
        return [stage._asdict() for stage in self.stages]

    def _cells(self) -> list[tuple[str, str, str]]:
        return [
            (
                f"  {stage.name}" if stage.part else stage.name,
                comparison.seconds(stage.seconds)
                + ("" if stage.spread is None else f" ± {stage.spread:.0%}"),
                stage.says,
            )
            for stage in self.stages
        ]

    def __repr__(self) -> str:
        cells = self._cells()
        widths = [max(len(cell[column]) for cell in cells) for column in (0, 1)]
        lines = [f"{name:<{widths[0]}}  {took:>{widths[1]}}  {says}".rstrip() for name, took, says in cells]
        return "\n".join([self.title, *lines, *self._below()])

    def _below(self) -> list[str]:
        return [*([repr(self.throughput)] if self.throughput else []), self.machine.line()]

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align: left; white-space: pre">{name}</th>'
            f'<td style="text-align: right">{took}</td>'
            f'<td style="text-align: left; padding-left: 1em">{html.escape(says)}</td></tr>'
            for name, took, says in self._cells()
        )
        return (
            '<table class="mojocell-profile">'
            f'<caption style="text-align: left">{html.escape(self.title)}</caption>'
            f"<tbody>{rows}</tbody></table>"
            f'<div style="font-size:.85em;opacity:.8">{"<br>".join(map(html.escape, self._below()))}</div>'
        )

    def _mime_(self) -> tuple[str, str]:
        """Show it in marimo."""
        return "text/html", self._repr_html_()


def profile(what: Any, /, *args: Any, rounds: int = comparison.ROUNDS, **kwargs: Any) -> Profile:
    """Measure where the time of a function, or of a cell that ran, goes.

    A function is called many times, as ``timeit`` would call it, and what it prints is printed. A
    span that it may write to is a fresh copy in each call; making that is not counted.

    Parameters
    ----------
    what : MojoFunction, RunResult or MojoModule
        A function is called with the arguments. Of a result, as ``%%mojo --result NAME`` and `run`
        give it, and of a module, as `cell` and `compile` give it, what is known is shown and
        nothing is run again.
    *args, **kwargs
        Of the function.
    rounds : int
        How often calls are measured.

    Returns
    -------
    Profile
        ``compile`` has linking in it. Of a function, ``arguments`` is what a call takes without the
        function: conversion and, in a worker, the way there and back with copies of arrays;
        ``function`` is the rest of ``call``.

    Raises
    ------
    TypeError
        It is nothing of these, or there are arguments that nothing takes.
    MojoError
        The call fails.

    Examples
    --------
    >>> import mojocell as mc
    >>> twice = mc.compile("def twice(n: Int) -> Int: return 2 * n").twice
    >>> found = mc.profile(twice, 21)
    >>> [stage.name for stage in found.stages if stage.part]
    ['arguments', 'function']
    """
    from mojocell.call.module import MojoModule
    from mojocell.call.unit import Unit
    from mojocell.core.result import RunResult

    if rounds < 1:
        msg = f"rounds must be at least 1, not {rounds}"
        raise ValueError(msg)
    if isinstance(what, RunResult | MojoModule):
        if args or kwargs:
            msg = f"a {type(what).__name__} takes no arguments: they are for a function"
            raise TypeError(msg)
        result = what if isinstance(what, RunResult) else what.result or what.compiled
        return Profile(result.name, [*_of_compilation(result), *_of_run(result)], _target(_flags(what)))
    unit = getattr(what, "__mojo__", None)
    if not isinstance(unit, Unit):
        msg = f"profile takes a Mojo function, a RunResult or a MojoModule, not {what!r}"
        raise TypeError(msg)
    stages, copies, rates = _of_calls(what, unit, args, kwargs, rounds)
    title = f"{what.signatures[0] if len(what.signatures) == 1 else what.__name__}, {what.mode}"
    return Profile(title, [*_of_compilation(unit.result), *stages], _target(unit.job.flags), copies, rates)


# --- what is known ----------------------------------------------------------------------------
_ORIGIN = {"hit": "from the cache", "joined": "by another's compilation of the same"}


def _of_compilation(result: RunResult) -> list[Stage]:
    times = {name: result.times.get(name, 0.0) for name in ("queue", "identify", "scan", "compile")}
    ran = [result.times.get(name, 0.0) for name in ("load", "run")]
    other = max(result.times.get("total", 0.0) - sum(times.values()) - sum(ran), 0.0)
    cold = "answered from the compiler's own cache" if result.compiler_cache else "cold"
    says = {
        "queue": "waiting for other compilations",
        "identify": "looking at the compiler, once for each daemon",
        "compile": _ORIGIN.get(result.cache, f"{cold}; linking included"),
    }
    stages = {**times, "other": other}
    return [Stage(name, seconds, None, says.get(name, "")) for name, seconds in stages.items()]


def _of_run(result: RunResult) -> list[Stage]:
    if result.returncode is None and result.signal is None:
        return []
    return [
        Stage("load", result.times.get("load", 0.0), None, "a process with the program in it"),
        Stage("run", result.times.get("run", 0.0), None, ""),
    ]


def _flags(what: Any) -> list[str]:
    unit = getattr(what, "__mojo__", None)
    return list(unit.job.flags) if unit is not None else []


def _target(flags: Any) -> Machine:
    """Return the machine as the flags of a compilation have it."""
    from mojocell.core.machine import machine

    found = machine()
    words = " ".join(flags).replace("=", " ").split()
    named = [value for flag, value in itertools.pairwise(words) if flag == "--target-cpu"]
    # What another target has, the compiler was not asked.
    return found._replace(target_cpu=named[-1], features=()) if named else found


# --- calls ------------------------------------------------------------------------------------


def _of_calls(
    function: MojoFunction, unit: Unit, args: tuple[Any, ...], kwargs: Mapping[str, Any], rounds: int
) -> tuple[list[Stage], tuple[int, int], Throughput | None]:
    from mojocell import _bridge

    stages = []
    if unit.load_seconds is not None:
        stages.append(Stage("load", unit.load_seconds, None, "into this process, once"))
    isolated = function.mode == "isolated"
    starts = isolated and unit.worker().count == 0
    given = dict(enumerate(args)) | dict(kwargs)
    written = _written(unit.entries[function.__name__])
    writes = bool(written)
    call, rehearsal = (_with_named(each, kwargs, written) for each in (function, function.rehearsal()))
    values = args if written.isdisjoint(kwargs) else tuple(given.values())

    def fresh() -> tuple[Any, ...]:
        return copy.deepcopy(values) if writes else values

    first = fresh()
    before = _bridge.copies()
    start = time.perf_counter()
    result = call(*first)
    copies, copied = (now - then for now, then in zip(_bridge.copies(), before, strict=True))
    says = "with the start of its worker" if starts else ""
    stages.append(Stage("first call", time.perf_counter() - start, None, says))
    carried, whole = comparison.measure(rehearsal, call, fresh, rounds, anew=writes)
    way = "conversion, to the worker and back, with copies of arrays" if isolated else "conversion"
    if copies:
        way += f"; {copies} of the arguments copied first ({copied:,} bytes)"
    rest = max(whole.median - carried.median, 0.0)
    measured = [
        *stages,
        Stage("call", whole.median, whole.spread, f"{whole.calls:,} calls in each of {rounds} rounds"),
        Stage("arguments", min(carried.median, whole.median), carried.spread, way, part=True),
        Stage("function", rest, None, "the rest", part=True),
    ]
    changed = [value for name, value in given.items() if name in written]
    rates = throughput.measure(given.values(), changed, result, rest, rounds)
    return measured, (copies, copied), rates


def _with_named(
    function: Callable[..., Any], named: Mapping[str, Any], written: set[int | str]
) -> Callable[..., Any]:
    """Return what has the named arguments in it, or takes them last where one of them may be written to."""
    if not named:
        return function
    if written.isdisjoint(named):
        return functools.partial(function, **named)
    names = tuple(named)

    def call(*values: Any) -> Any:
        return function(*values[: -len(names)], **dict(zip(names, values[-len(names) :], strict=True)))

    return call


def _written(entries: Sequence[Mapping[str, Any]]) -> set[int | str]:
    """Return the places and names of those arguments that a function may write to."""
    return {
        key
        for entry in entries
        for place, argument in enumerate(entry["arguments"])
        if "Mut" in str(argument["type"])
        for key in (place, str(argument["name"]))
    }
