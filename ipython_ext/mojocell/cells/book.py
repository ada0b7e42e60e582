"""The Mojo cells of a notebook in their order, and what each would ask for if they ran so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mojocell.cells.bindings import Bindings
from mojocell.cells.carried import Carried
from mojocell.cells.reading import Reader
from mojocell.cells.typed import typed
from mojocell.mojo_first import read as parts_of
from mojocell.options import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mojocell.cells.typed import Typed
    from mojocell.core.request import Job
    from mojocell.core.result import RunResult


_UNTYPED = "whose type is known when it runs"


class Planned(NamedTuple):
    """A cell that can be compiled.

    Attributes
    ----------
    number : int
        Its place in the book.
    job : Job
        What compiles it.
    """

    number: int
    job: Job


class Book(Protocol):
    """Cells that can be compiled ahead, some of them only when others are."""

    @property
    def labels(self) -> Sequence[str]:
        """What messages call each cell."""

    @property
    def skipped(self) -> Mapping[int, str]:
        """Cells that are left out, each with the reason."""

    def plan(self) -> list[Planned]:
        """Return what is to be compiled, as far as it was not returned before."""

    def note(self, planned: Planned, result: RunResult) -> None:
        """Take note of what came of it."""


class CellOf(NamedTuple):
    """A cell of a notebook.

    Attributes
    ----------
    label : str
        What messages call it.
    cell : str or None
        The front end's name for it.
    text : str
        As its editor shows it.
    """

    label: str
    cell: str | None
    text: str


class Notebook:
    r"""The cells of Mojo of a notebook of Jupyter.

    What a cell asks for says what the cells before it define, as they were compiled: where a repair has
    changed one of them, or one does not compile, those that use it are planned anew.

    Parameters
    ----------
    cells : iterable of CellOf
        In their order.
    reader : Reader
        How they are read.
    living : callable
        Returns what cells that ran before define, a copy.

    Examples
    --------
    >>> book = Notebook([CellOf("cell 1", "a", "%%mojo\ndef one() -> Int: return 1"),
    ...                  CellOf("cell 2", "b", "%%mojo -O1 -i n\nprint(one(), n)"),
    ...                  CellOf("cell 3", "c", "%%mojo\nprint(one())")])
    >>> [(planned.number, planned.job.using) for planned in book.plan()][1]
    (2, ({'source': '\ndef one() -> Int: return 1\n', 'names': ['one'], 'links': []},))
    >>> book.skipped
    {1: '-i n: there is no variable n'}
    """

    def __init__(
        self,
        cells: Iterable[CellOf],
        reader: Reader | None = None,
        *,
        living: Callable[[], Carried] = Carried,
    ) -> None:
        self._reader = reader or Reader()
        self._cells = [cell for cell in cells if self._reader.plain or "%%mojo" in cell.text]
        self._living = living
        self._asked: dict[int, tuple[dict[str, Any], ...]] = {}
        #: What cells say as they were compiled; None: they do not compile.
        self._compiled: dict[int, str | None] = {}
        self.labels = [cell.label for cell in self._cells]
        self.skipped: dict[int, str] = {}

    def plan(self) -> list[Planned]:
        """Return what is to be compiled, as far as it was not returned before."""
        living, bindings = self._living(), Bindings()
        found = []
        for number, cell in enumerate(self._cells):
            job = self._job(number, cell, living, bindings)
            if job is not None and self._asked.get(number) != job.using:
                self._asked[number] = job.using
                found.append(Planned(number, job))
        return found

    def _job(self, number: int, cell: CellOf, living: Carried, bindings: Bindings) -> Job | None:
        """Return what compiles a cell, and add what it defines to what lives."""
        try:
            read = typed(cell.text, self._reader)
        except OptionError as error:
            self.skipped[number] = str(error)
            return None
        unknown = self._unknown(cell, read, bindings)
        if read is None:
            return None
        key = living.identity(read.name(cell.cell), read.source)
        job = None
        try:
            job = read.job(
                cell.cell, self._reader, lambda _, source: living.using(source, key), living.names()
            )
        except (OptionError, TypeError) as error:
            self.skipped[number] = str(error)
        if unknown:
            self.skipped[number], job = f"it takes {', '.join(unknown)} of Python, {_UNTYPED}", None
        compiled = self._compiled.get(number, read.source)
        if compiled is None:
            living.forget(key)
        else:
            living.ran(key, cell.label, compiled)
        return job

    def _unknown(self, cell: CellOf, read: Typed | None, bindings: Bindings) -> list[str]:
        """Return the variables that a cell takes by name and that are not there yet; note what it binds."""
        if not self._reader.plain:
            return []
        if read is None:
            bindings.python(parts_of(cell.text).ipython)
            return []
        bindings.python(parts_of(read.text.head).ipython)
        taken = bindings.mojo(read.text.line, read.text.body)
        return [name for name in taken if name not in self._reader.names]

    def note(self, planned: Planned, result: RunResult) -> None:
        """Take note of what came of it."""
        if self._asked.get(planned.number) == planned.job.using:
            self._compiled[planned.number] = None if result.error is not None else result.source
