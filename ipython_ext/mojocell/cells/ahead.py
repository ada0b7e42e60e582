"""Compiles the cells of a notebook before anybody runs them, as many at a time as there are processors."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.errors import MojoError
from mojocell.show.output import Sink
from mojocell.show.progress import BEAT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mojocell.cells.book import Book, Planned
    from mojocell.core.request import Job
    from mojocell.core.result import RunResult

#: Requests under way at most: a request is a thread here.
MOST = 32


class Stopped(Exception):  # noqa: N818  (no error)
    """Nobody wants it any more."""


class Stop:
    """Ends what goes on, from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """Say so; requests under way are given up within a moment."""
        self._event.set()


class _Watching(Sink):
    """Gives a request up."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def quiet(self) -> None:
        """Look whether it is still wanted."""
        if self._stop:
            raise Stopped


class Done(NamedTuple):
    """What came of a cell.

    Attributes
    ----------
    book, label : Book, str
        Which it is of, and what messages call it.
    result : RunResult or None
        None: nothing, as ``error`` says.
    error : MojoError or None
        Why it was not compiled, or what the compiler says of it.
    """

    book: Book
    label: str
    result: RunResult | None
    error: MojoError | None


def processors() -> int:
    """Return how many compilers are of use at a time."""
    return min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST
    )


def attempt(job: Job, stop: Stop) -> tuple[RunResult | None, MojoError | None]:
    """Do it, or say why not; nothing where it was given up."""
    if stop:
        return None, None
    try:
        result = job.execute(_Watching(stop))
    except Stopped:
        return None, None
    except MojoError as error:
        return None, error
    return result, result.error


def compile_all(
    books: Sequence[Book],
    *,
    urgency: str,
    most: int,
    stop: Stop,
    follow: Callable[[Done | None, int], object],
) -> None:
    """Compile all cells of books, those first that come first.

    Parameters
    ----------
    books : sequence of Book
        Whose cells.
    urgency : {"soon", "prefetch"}
        Who waits for them.
    most : int
        How many at a time.
    stop : Stop
        Ends it.
    follow : callable
        Told of each cell that is done, and how many are left; of none at the start and now and then.
    """
    todo: queue.SimpleQueue[tuple[Book, Planned] | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Book, Planned, RunResult | None, MojoError | None]] = queue.SimpleQueue()

    def work() -> None:
        while (item := todo.get()) is not None:
            book, planned = item
            done.put((book, planned, *attempt(planned.job.but(urgency=urgency), stop)))

    def plan(book: Book) -> int:
        planned = book.plan()
        for one in planned:
            todo.put((book, one))
        return len(planned)

    left = sum(plan(book) for book in books)
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(most, left))]
    for thread in threads:
        thread.start()
    follow(None, left)
    while left and not stop:
        try:
            book, planned, result, error = done.get(timeout=BEAT)
        except queue.Empty:
            follow(None, left)
            continue
        left -= 1
        if result is not None:
            book.note(planned, result)
            left += plan(book)
        follow(Done(book, book.labels[planned.number], result, error), left)
    for _ in threads:
        todo.put(None)


class Latest:
    """Does one job at a time, the newest; whatever it does for an older one is given up within a moment."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next: Job | None = None
        self._stop = Stop()
        self._begun = False

    def put(self, job: Job) -> None:
        """Do this one."""
        with self._changed:
            self._next = job
            self._stop.set()
            self._changed.notify()
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._next is None:
                    self._changed.wait()
                job, self._next = self._next, None
                self._stop = stop = Stop()
            with contextlib.suppress(ValueError):  # of a text that no request can carry
                attempt(job, stop)


class Newest:
    """Compiles cells, each as it was asked for last, as many at a time as there are processors."""

    def __init__(self) -> None:
        self._todo: queue.SimpleQueue[tuple[Job, Stop]] = queue.SimpleQueue()
        self._stops: dict[str, Stop] = {}

    def put(self, jobs: Mapping[str, Job | None]) -> None:
        """Do these; what was asked for under their names before is given up, and None is nothing."""
        is_first = not self._stops
        for name, job in jobs.items():
            if name in self._stops:
                self._stops[name].set()
            if job is not None:
                self._stops[name] = stop = Stop()
                self._todo.put((job, stop))
        if is_first and self._stops:
            for _ in range(processors()):
                threading.Thread(target=self._work, daemon=True).start()

    def stop(self) -> None:
        """Give all of it up."""
        for stop in self._stops.values():
            stop.set()

    def _work(self) -> None:
        while True:
            attempt(*self._todo.get())


def in_background(work: Callable[[], Any]) -> None:
    """Do it in a thread that the end of the process does not wait for; what goes wrong bothers nobody."""

    def quietly() -> None:
        with contextlib.suppress(MojoError):
            work()

    threading.Thread(target=quietly, daemon=True).start()
