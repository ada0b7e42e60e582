"""A cell's text as its editor has it, and what its magic makes of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import options
from mojocell.cells.job import job_of
from mojocell.cells.reading import Reader

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from mojocell.cells.reading import Text
    from mojocell.core.request import Job

#: What IPython puts a variable's value in the place of.
_EXPANDED = re.compile(r"[{$]")
#: Cells of no notebook.
_NOBODY = Reader()


class Typed(NamedTuple):
    """A cell of Mojo as it is typed.

    Attributes
    ----------
    opts, args : Namespace, list of str
        What stands on the magic's line.
    text : Text
        The cell.
    """

    opts: argparse.Namespace
    args: list[str]
    text: Text

    @property
    def source(self) -> str:
        """The Mojo, its lines numbered as in the editor."""
        body = self.text.body
        return self.text.source + ("" if not body or body.endswith("\n") else "\n")

    def name(self, cell: str | None) -> str | None:
        """Return what the cell is known by, as far as somebody named it."""
        return cell or self.opts.name

    def job(
        self,
        cell: str | None,
        reader: Reader,
        using: Callable[[str | None, str], list[dict[str, Any]]],
        known: Iterable[str] = (),
    ) -> Job | None:
        """Return what compiles it, exactly as a run of the cell would; None where each run compiles anew.

        Parameters
        ----------
        cell : str or None
            The front end's name for it.
        reader : Reader
            Of the notebook.
        using : callable
            Returns what a cell of this name and text uses of other cells.
        known : iterable of str
            Names that other cells define.

        Raises
        ------
        OptionError, TypeError
            An input is not there yet, or has no Mojo type.
        """
        name = self.name(cell)
        reader.take(self.text.body, self.opts, self.args, known)
        self.opts.stdin = None  # what a program reads is not what it is
        used = [] if self.opts.alone else using(name, self.source)
        job, _ = job_of(self.source, self.opts, [], reader.names, cell=name or "cell", using=used)
        return None if job.force or job.mode == "run" else job.but(op="compile")


def typed(cell: str, reader: Reader = _NOBODY, *, expand: bool = False) -> Typed | None:
    r"""Read a cell; None where it is none of Mojo, or nobody can tell what it asks for.

    Parameters
    ----------
    cell : str
        The cell as its editor shows it.
    reader : Reader
        Of the notebook.
    expand : bool
        Whether variables on the magic's line have the values that they will have.

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
    text = reader.text(cell)
    if text is None:
        return None
    line: str | None = text.line.strip()
    if _EXPANDED.search(text.line):
        line = reader.expand(text.line.strip()) if expand else None
    if line is None or options.asks_for_help(line):
        return None
    words, args = options.split(line)
    return Typed(options.parse(options.parser(options.CELL), words), args, text)
