"""A cell's text as its editor has it, and what its magic makes of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import options
from mojocell.cells.job import job_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from mojocell.core.request import Job

_MOJO = re.compile(
    r"(?P<head>(?:[ \t]*\n)*(?:%%(?:time|capture|timeit|prun)(?![\w.])[^\n]*\n(?:[ \t]*\n)*)*%%mojo(?![\w.?])"
    r"(?P<line>[^\n]*)(?:\n|\Z))(?P<body>.*)\Z",
    re.DOTALL,
)
#: What IPython puts a variable's value in the place of.
_EXPANDED = re.compile(r"[{$]")


class Typed(NamedTuple):
    """A cell of Mojo as it is typed.

    Attributes
    ----------
    opts : Namespace
        What stands on the magic's line.
    source : str
        The text, its lines numbered as in the editor.
    """

    opts: argparse.Namespace
    source: str

    def name(self, cell: str | None) -> str | None:
        """Return what the cell is known by, as far as somebody named it."""
        return cell or self.opts.name

    def job(
        self,
        cell: str | None,
        names: Mapping[str, Any],
        using: Callable[[str | None, str], list[dict[str, Any]]],
    ) -> Job | None:
        """Return what compiles it, exactly as a run of the cell would; None where each run compiles anew.

        Parameters
        ----------
        cell : str or None
            The front end's name for it.
        names : mapping
            The notebook's variables.
        using : callable
            Returns what a cell of this name and text uses of other cells.

        Raises
        ------
        OptionError, TypeError
            An input is not there yet, or has no Mojo type.
        """
        name = self.name(cell)
        used = [] if self.opts.alone else using(name, self.source)
        job, _ = job_of(self.source, self.opts, [], names, cell=name or "cell", using=used)
        return None if job.force or job.mode == "run" else job.but(op="compile")


def typed(raw: str, expand: Callable[[str], str] | None = None) -> Typed | None:
    r"""Read a cell; None where it is none of Mojo, or nobody can tell what it asks for.

    Parameters
    ----------
    raw : str
        The cell as its editor shows it.
    expand : callable or None
        Puts the notebook's variables into a magic's line; None: there are none.

    Raises
    ------
    OptionError
        What stands on its line is wrong.

    Examples
    --------
    >>> typed("%%mojo -O1\nprint(1)").source
    '\nprint(1)\n'
    >>> typed("print(1)"), typed("%%mojo --help\n"), typed("%%mojo -D N={n}\n")
    (None, None, None)
    """
    found = _MOJO.match(raw)
    if found is None:
        return None
    line, body = found["line"].strip(), found["body"]
    if _EXPANDED.search(line):
        if expand is None:
            return None
        line = expand(line)
    if options.asks_for_help(line):
        return None
    words, _ = options.split(line)
    opts = options.parse(options.parser(options.CELL), words)
    opts.stdin = None  # what a program reads is not what it is
    end = "" if not body or body.endswith("\n") else "\n"
    return Typed(opts, "\n" * found["head"].count("\n") + body + end)
