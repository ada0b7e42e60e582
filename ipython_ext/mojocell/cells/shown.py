"""What a cell shows beside output and errors: warnings, repairs, what its definitions became, its times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mojocell import settings
from mojocell.call import structs
from mojocell.core.repairs import repairs
from mojocell.core.result import signatures, status
from mojocell.errors import MojoCompileError
from mojocell.show.words import plural

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mojocell.cells.functions import Bound
    from mojocell.core.request import Job
    from mojocell.core.result import RunResult
    from mojocell.diagnostics import Diagnostic
    from mojocell.hosts.ipython import IPython
    from mojocell.show.layout import Layout
    from mojocell.show.progress import Screen


def show(
    result: RunResult,
    bound: Bound | None,
    opts: argparse.Namespace,
    screen: Screen,
    host: IPython,
    *,
    news: Sequence[Diagnostic],
    fixable: bool,
) -> None:
    """Display it, the line of times first: it stands above all else.

    Parameters
    ----------
    result : RunResult
        What came of the cell.
    bound : Bound or None
        What its definitions became.
    opts : Namespace
        What stood on the magic's line.
    screen : Screen
        Where the line of times stands.
    host : IPython
        Where the rest goes.
    news : sequence of Diagnostic
        The warnings that are to be shown.
    fixable : bool
        Whether `%mojo_fix` can write the cell anew.
    """
    defines = result.kind == "definitions" and result.error is None and not result.empty
    more = bound.headline() if bound is not None and not defines else ""
    defined = {**structs.signatures(result.records), **signatures(result.functions)}
    took = ", ".join(getattr(opts, "taken", ()))
    screen.final(status(result, " · ".join(part for part in (more, took and f"{took} from Python") if part)))
    if opts.quiet:
        return
    if result.empty:
        host.display([[("", "nothing to compile: the cell has only comments")]])
    if news and result.error is None:
        from mojocell.show import layout

        host.display(layout.diagnostics(news, source=result.source, name=result.name))
    if result.modernized:
        version = result.toolchain.get("version", "")
        enough = not isinstance(result.error, MojoCompileError)
        host.display([[("note", repairs(result.modernized, version, fixable=fixable, enough=enough))]])
    if bound is None:
        return
    lines = definitions(bound, defined, wanted=not opts.no_bind) if defines else []
    lines += [[("warning", "warning"), ("", f": {text}")] for text in _notes(bound, opts.mode, result)]
    if lines:
        host.display(lines)


def code(job: Job, result: RunResult, opts: argparse.Namespace) -> None:
    """Display the machine code of a cell's functions, where that was asked for.

    Parameters
    ----------
    job : Job
        The cell.
    result : RunResult
        What came of it.
    opts : Namespace
        What stood on the magic's line.

    Raises
    ------
    UsageError
        It cannot be shown.
    """
    name = getattr(opts, "asm", None)
    if name is None:
        return
    from IPython.core.error import UsageError
    from IPython.display import display

    from mojocell.assembly import listing

    try:
        display(listing(job, result.source, [] if name is True else [name]))  # type: ignore[no-untyped-call]
    except (ImportError, ValueError) as error:
        msg = f"--asm: {error}"
        raise UsageError(msg) from None


def _notes(bound: Bound, mode: str | None, result: RunResult) -> list[str]:
    """Return what needs attention, beside a program too."""
    notes = list(bound.warnings)
    if bound.where:
        notes.append(f"its functions run isolated: {bound.where}")
    if mode in settings.CALL_MODES and not result.functions:
        notes.append(f"--mode {mode} is for functions, and this cell has none to call")
    return notes


def definitions(bound: Bound, functions: dict[str, str], *, wanted: bool = True) -> Layout:
    """Return what a cell of definitions shows.

    Parameters
    ----------
    bound : Bound
        What they became.
    functions : dict of str
        The signature of each function, of overloads one a line.
    wanted : bool
        Whether they were to be bound.

    Examples
    --------
    >>> from mojocell.cells.functions import Bound
    >>> bound = Bound(["twice"], {"parse": "it takes a Token"}, [])
    >>> from mojocell.show.layout import paint
    >>> print(paint(definitions(bound, {"twice": "def twice(n: Int) -> Int"})))
    bound twice; skipped parse
      def twice(n: Int) -> Int
      skipped parse: it takes a Token
    """
    head = bound.headline() if wanted else f"compiled {plural(len(functions), 'function')}"
    lines: Layout = [[("", head or "compiled; it defines no functions")]]
    lines += [[("", f"  {line}")] for text in functions.values() for line in text.split("\n")]
    lines += [[("dim", f"  skipped {name}: {reason}")] for name, reason in bound.skipped.items()]
    return lines
