"""What is kept of a cell: its result and output, in the variables asked for, and its text repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mojocell.errors import MojoCompileError

if TYPE_CHECKING:
    import argparse

    from mojocell.core.result import RunResult


def keep(result: RunResult, opts: argparse.Namespace, names: dict[str, Any]) -> None:
    """Put a result, and what it printed, into the variables that ``--result`` and ``--out`` name."""
    if opts.result:
        names[opts.result] = result
    if opts.out:
        names[opts.out] = result.stdout


def repaired(source: str, result: RunResult, head: str) -> str | None:
    """Return a cell repaired, which `%mojo_fix` writes; None where it is as it was.

    The hint of an error tells of fix-its that are left.

    Parameters
    ----------
    source : str
        What was asked for: as many blank lines as ``head`` has lines, and the cell's text.
    result : RunResult
        What came of it.
    head : str
        What the editor shows above the text.
    """
    made = found = result.source if result.modernized else source
    if isinstance(result.error, MojoCompileError):
        from mojocell.diagnostics import apply_fixits

        found = apply_fixits(made, result.diagnostics)
        if found != made and not result.error.hint:
            result.error.hint = "%mojo_fix writes the cell with the fix-its"
    if found == source:
        return None
    blank = len(found) - len(found.lstrip("\n"))
    return (head + found[min(head.count("\n"), blank) :]).rstrip("\n")
