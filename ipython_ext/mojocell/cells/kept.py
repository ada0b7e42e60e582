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


def repaired(source: str, result: RunResult) -> str | None:
    """Return a cell's source repaired, which `%mojo_fix` writes; None where it is as it was.

    The hint of an error tells of fix-its that are left.

    Parameters
    ----------
    source : str
        What was asked for.
    result : RunResult
        What came of it.
    """
    made = found = result.source if result.modernized else source
    if isinstance(result.error, MojoCompileError):
        from mojocell.diagnostics import apply_fixits

        found = apply_fixits(made, result.diagnostics)
        if found != made and not result.error.hint:
            result.error.hint = "%mojo_fix writes the cell with the fix-its"
    return None if found == source else found
