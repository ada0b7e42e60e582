"""The Mojo cells of one notebook: what each uses of the others, what is compiled anew when one changes."""

from __future__ import annotations

import contextlib
import copy
import functools
import re
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.cells.carried import Carried
from mojocell.cells.functions import NOT_DEFINED
from mojocell.errors import MojoCompileError, MojoError
from mojocell.options import OptionError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mojocell.cells.functions import Binder, Bound
    from mojocell.core.request import Job
    from mojocell.core.result import RunResult
    from mojocell.show.graph import Node

_UNKNOWN = re.compile(r"use of unknown declaration '(\w+)'")


class _Asked(NamedTuple):
    """What was asked for by a cell that lives: enough to compile it again."""

    cell: str | None  # for the binder
    job: Job
    opts: argparse.Namespace


class Session:
    """The living cells of a shell's notebook.

    Parameters
    ----------
    shell : InteractiveShell
        Whose notebook it is.
    binder : Binder
        Which of its names are functions of which cell.
    """

    def __init__(self, shell: Any, binder: Binder) -> None:
        self._ip = shell
        self._binder = binder
        self._carried = Carried()
        self._asked: dict[str, _Asked] = {}
        self._lock = threading.RLock()  # a call in any thread may find its cell out of date
        #: Told what compiles cells that are out of date; None: they are not to be compiled any more.
        self.follow: Callable[[Mapping[str, Job | None]], object] = lambda _jobs: None

    def using(self, cell: str | None, source: str) -> list[dict[str, Any]]:
        """Return what a cell's text uses of the living cells, as a request has it."""
        with self._lock:
            return self._carried.using(source, self._carried.identity(cell, source))

    def bind(
        self, cell: str | None, job: Job, result: RunResult, opts: argparse.Namespace, *, carries: bool
    ) -> Bound | None:
        """Bind what a cell defines, for Python and for the cells after it.

        Parameters
        ----------
        cell : str or None
            The front end's name for it, or the user's.
        job, result : Job, RunResult
            What was asked for and what came of it.
        opts : Namespace
            What stood on the magic's line.
        carries : bool
            Whether other cells may know it.
        """
        with self._lock:
            warnings = self._note(cell, job, result, opts) if carries else []
            bound = self._binder.bind_result(cell, job, result, opts)
        if bound is not None:
            bound.warnings.extend(warnings)
        return bound

    def _note(self, cell: str | None, job: Job, result: RunResult, opts: argparse.Namespace) -> list[str]:
        """Take note of what came of a cell; return what there is to warn of."""
        key = self._carried.identity(cell, job.source)
        if isinstance(result.error, MojoCompileError):
            self.forget([key])
            return []
        # The count of executions is the next one's in some versions of IPython.
        number = len(self._ip.history_manager.input_hist_parsed) - 1
        label = f"In [{number}]" if number > 0 else "another cell"
        with self._giving_back(key):
            change = self._carried.ran(key, label, result.source)
        self._asked[key] = _Asked(cell, job, opts)
        self._outdate(change.outdated)
        self.follow({key: None, **{each: self._ahead(each) for each in change.outdated}})
        # In a terminal, where cells have no identity, a later one takes an earlier one's place.
        return change.warnings if cell is not None else []

    def explain(self, result: RunResult) -> None:
        """Give an error the hint for another cell's variable."""
        error = result.error
        if isinstance(error, MojoCompileError) and error.hint is None:
            unknown = [match[1] for item in error.diagnostics if (match := _UNKNOWN.search(item.message))]
            hints = [hint for name in unknown if (hint := self._carried.variable(name))]
            error.hint = hints[0] if hints else None

    def hint_for_python(self, error: object) -> str | None:
        """Say of a name that Python lacks whose variable it was in Mojo; None where it was none."""
        name = getattr(error, "name", None) if isinstance(error, NameError) else None
        holder = self._carried.holder(str(name)) if name else None
        if holder is None:
            return None
        return f"`{name}` was a variable of Mojo's {holder}: give it to Python with %%mojo -o {name} there"

    def forget(self, cells: Iterable[str]) -> None:
        """Forget cells that the front end has deleted."""
        gone = list(cells)
        if not gone:
            return
        with self._lock:
            with self._giving_back(*gone):
                outdated = self._carried.forget(*gone)
            for cell in gone:
                self._asked.pop(cell, None)
            self._outdate(outdated)
            self.follow(dict.fromkeys(gone))

    @contextlib.contextmanager
    def _giving_back(self, *keys: str) -> Iterator[None]:
        """Let names that cells define no more be those of other living cells, for Python as for Mojo."""
        owned = {name: self._carried.owner(name) for name in self._carried.names()}
        yield
        for name, before in owned.items():
            now = self._carried.owner(name)
            if before in keys and now not in (before, None) and {before, now} <= self._asked.keys():
                self._binder.give_back(name, self._asked[str(before)].cell, self._asked[str(now)].cell)

    def reset(self, name: str = "") -> None:
        """Forget the cells that define a name; without one, all."""
        if name:
            self.forget(self._carried.owners(name))
        else:
            self._carried = Carried()
            self._asked.clear()

    def label(self, source: str) -> str | None:
        """Return what messages call the living cell that says a source."""
        return self._carried.label(source)

    def file(self, name: str | None = None) -> str:
        """Return a cell and what it uses as one file.

        Parameters
        ----------
        name : str or None
            Which it defines; None: the last one.

        Raises
        ------
        OptionError
            There is no such cell, or it cannot be one.
        """
        from mojocell.cells.one_file import write

        with self._lock:
            key = self._carried.last() if name is None else self._carried.owner(name)
            if key is None:
                msg = "no Mojo cell has run yet" if name is None else f"no Mojo cell defines {name}"
                raise OptionError(msg)
            parts, job = self._carried.parts(key), self._asked[key].job
        if job.inputs or job.outputs:
            msg = f"{parts[-1].label} takes or gives variables of Python (-i, -o), which no file can"
            raise OptionError(msg)
        return write(parts, job.flags)

    def living(self) -> Carried:
        """Return what cells know of each other now, a copy."""
        with self._lock:
            return copy.deepcopy(self._carried)

    def names(self) -> list[str]:
        """Return the names that cells know of each other."""
        return self._carried.names()

    def table(self) -> list[tuple[str, str, str]]:
        """Return each name that is known, the cell that it is from, and those that use it."""
        return self._carried.table()

    def graph(self) -> list[Node]:
        """Return the living cells that define something or use others, as a picture has them."""
        return self._carried.graph()

    def _outdate(self, keys: Iterable[str]) -> None:
        for key in keys:
            asked = self._asked.get(key)
            if asked is not None:
                self._binder.outdate(asked.cell, asked.job.source, functools.partial(self._refresh, key))

    def _anew(self, key: str) -> Job:
        """Return what compiles a cell with what lives now."""
        job = self._asked[key].job
        using = tuple(self._carried.using(job.source, key))
        return job if (job.using, job.op) == (using, "compile") else job.but(op="compile", using=using)

    def _ahead(self, key: str) -> Job | None:
        """Return what compiles a cell before somebody asks for it; None where each run compiles anew."""
        asked = self._asked.get(key)
        return None if asked is None or asked.job.force or asked.job.mode == "run" else self._anew(key)

    def _refresh(self, key: str, name: str) -> Any:
        """Compile a cell again, as what it uses was changed; return its function of a name."""
        with self._lock:
            asked = self._asked.get(key)
            if asked is None:
                msg = f"{name} is stale: {NOT_DEFINED}"
                raise MojoError(msg, code="stale")
            current = self._binder.current(asked.cell, name)
            if current is not None:
                return current
            asked = asked._replace(job=self._anew(key))
            result = asked.job.execute()
            if result.error is not None:
                self.explain(result)
                raise result.error
            self._asked[key] = asked
            return self._binder.rebind(asked.cell, asked.job, result, asked.opts, name)
