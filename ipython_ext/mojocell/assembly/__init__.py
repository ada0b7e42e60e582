"""What the compiler has made of a Mojo function: `asm`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mojocell.assembly.listing import Assembly, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mojocell.core.request import Job

#: Of a program, or of statements.
MAIN = "main"


def asm(what: Any, /, name: str | None = None) -> Assembly:
    """Show the machine code of a function beside the lines it comes from.

    It is compiled once more with the lines in it (the flag ``-g1``, which leaves the code itself as it
    is) and kept in the cache like any other. What the function calls and was not put into its place
    follows it.

    Parameters
    ----------
    what : MojoFunction or MojoModule
        A function, or what `compile` and `cell` give.
    name : str, optional
        Of a module: one of its functions, or ``"main"``. Default: all of them, and ``main`` of a program.

    Returns
    -------
    Assembly
        Shows itself as text, and in a notebook as HTML; ``loops`` says of each innermost loop how many
        elements it takes at once, what it calls, and how often it puts registers aside.

    Raises
    ------
    TypeError
        It is nothing of these, or a function comes with a name.
    ValueError
        The module has no such function.
    ImportError
        The packages that read machine code (the extra ``asm``) are not installed.
    MojoCompileError
        It does not compile anew.

    Examples
    --------
    >>> import mojocell as mc
    >>> m = mc.compile('''
    ... def total(xs: Span[Float64, _]) -> Float64:
    ...     var sum = 0.0
    ...     for x in xs:
    ...         sum += x
    ...     return sum
    ... ''')
    >>> [loop] = mc.asm(m.total).loops
    >>> loop.lanes, loop.calls
    (1, [])
    """
    from mojocell.call.module import MojoModule
    from mojocell.call.unit import Unit

    if isinstance(what, MojoModule):
        return listing(what.__mojo__.job, what.__mojo__.source, [] if name is None else [name])
    unit = getattr(what, "__mojo__", None)
    if not isinstance(unit, Unit):
        msg = f"asm takes a Mojo function or a MojoModule, not {what!r}"
        raise TypeError(msg)
    if name is not None:
        msg = "a name is for a module: a function has its own"
        raise TypeError(msg)
    return listing(unit.job, unit.source, [what.__name__])


def listing(job: Job, source: str, names: Sequence[str]) -> Assembly:
    """Return the machine code of functions of a source.

    Parameters
    ----------
    job : Job
        As the source was compiled.
    source : str
        As it was compiled: after repair.
    names : sequence of str
        Of its functions, or ``main``; none: all, and ``main`` of a program.
    """
    from mojocell.assembly import artifact

    artifact.check_packages()
    with_lines = [flag for flag in job.flags if not _is_debug(flag)] + ["-g1"]
    result = job.definition(source).but(flags=tuple(with_lines), exports=None).execute()
    if result.error is not None:
        raise result.error
    wanted = [
        (str(entry["name"]), str(entry["signature"]), str(entry["symbol"])) for entry in result.functions
    ]
    opened = artifact.Artifact(
        result.artifact or "",
        result.used,
        functools.partial(_line, int(result.cell["lines"]), twice=result.kind == "statements"),
    )
    if opened.has("mc_main"):
        wanted.append((MAIN, MAIN, "mc_main"))
    for name in names:
        if name not in {known for known, _, _ in wanted}:
            known = ", ".join(dict.fromkeys(known for known, _, _ in wanted)) or "none"
            msg = f"there is no function {name} to show: there is {known}"
            raise ValueError(msg)
    parts = [
        Part(title, opened.routines(symbol)) for name, title, symbol in wanted if not names or name in names
    ]
    return Assembly(parts, source, opened.machine)


def _line(count: int, line: int, *, twice: bool) -> int | None:
    """Return the line of a cell for one of its module: statements are once more below ``main``.

    Examples
    --------
    >>> [_line(4, line, twice=True) for line in (2, 5, 8, 10)]
    [2, None, 3, None]
    >>> [_line(4, line, twice=False) for line in (2, 5)]
    [2, None]
    """
    if twice and line > count:
        line -= count + 1
    return line if 1 <= line <= count else None


def _is_debug(flag: str) -> bool:
    return flag.startswith(("-g", "--debug-level"))
