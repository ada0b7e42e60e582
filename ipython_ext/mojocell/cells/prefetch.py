"""``mojocell prefetch``: compiles the Mojo of notebooks, scripts and folders, and runs nothing of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.cells import ahead
from mojocell.cells.book import CellOf, Notebook
from mojocell.cells.calls import Calls
from mojocell.cells.reading import Reader
from mojocell.errors import MojoCompileError, MojoError
from mojocell.mojo_first import is_mojo
from mojocell.show.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mojocell.cells.book import Book, Planned
    from mojocell.core.result import RunResult
    from mojocell.show.progress import Screen

_BAR = 24
_HIDDEN = (".", "__pycache__", "node_modules", "site-packages")


class Placed:
    """A book that is compiled as if it ran where it does: a notebook in its folder, a script here.

    Parameters
    ----------
    path : str
        The file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._book = read(path)
        is_notebook = path.endswith(".ipynb")
        self._folder = os.path.abspath(os.path.dirname(path) if is_notebook else "")
        self.labels = [f"{path}, {label}" for label in self._book.labels]

    @property
    def skipped(self) -> Mapping[int, str]:
        """Return what is left out."""
        return self._book.skipped

    def plan(self) -> list[Planned]:
        """Return what is to be compiled; settings and relative paths are those of the folder."""
        before = os.getcwd()
        os.chdir(self._folder)
        try:
            planned = self._book.plan()
        finally:
            os.chdir(before)
        return [
            one._replace(job=one.job.but(cwd=one.job.cwd or self._folder, name=self.labels[one.number]))
            for one in planned
        ]

    def note(self, planned: Planned, result: RunResult) -> None:
        """Take note of what came of it."""
        self._book.note(planned, result)


def read(path: str) -> Book:
    """Return the cells of a file.

    Raises
    ------
    MojoError
        It cannot be read, or is neither a notebook nor a script.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise MojoError(msg, code="io") from None
    except UnicodeDecodeError:
        msg = f"{path} is not UTF-8"
        raise MojoError(msg, code="usage") from None
    if path.endswith(".ipynb"):
        cells, plain = cells_of(text, path)
        return Notebook(cells, Reader(plain=plain))
    try:
        return Calls(text)
    except (SyntaxError, ValueError) as error:
        msg = f"{path} is no Python: {error}"
        raise MojoError(msg, code="usage") from None


def cells_of(text: str, path: str) -> tuple[list[CellOf], bool]:
    r"""Return the code cells of a notebook's file, and whether they are Mojo without a magic.

    Parameters
    ----------
    text : str
        What the file says.
    path : str
        For messages.

    Examples
    --------
    >>> cells_of('{"cells": [{"cell_type": "code", "id": "a", "source": ["1\\n", "2"]}]}', "n.ipynb")
    ([CellOf(label='cell 1', cell='a', text='1\n2')], False)
    """
    import json

    try:
        book = json.loads(text)
        found = [
            CellOf(f"cell {number}", cell.get("id"), "".join(cell.get("source") or ""))
            for number, cell in enumerate(book["cells"], 1)
            if cell["cell_type"] == "code"
        ]
        plain = is_mojo(book.get("metadata") or {})
    except (ValueError, KeyError, TypeError, AttributeError):
        msg = f"{path} is no notebook of format 4"
        raise MojoError(msg, code="usage") from None
    return found, plain


def files(paths: Iterable[str]) -> list[str]:
    """Return the files that are meant, those of folders in the order of their names.

    Raises
    ------
    MojoError
        One is not there, or is of another kind.
    """
    found: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            found += _inside(path)
        elif not os.path.exists(path):
            msg = f"{path}: there is no such file"
            raise MojoError(msg, code="io")
        elif not path.endswith((".ipynb", ".py")):
            msg = f"{path} is neither a notebook (.ipynb) nor a script (.py)"
            raise MojoError(msg, code="usage")
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _inside(folder: str) -> list[str]:
    """Return a folder's notebooks, and those of its scripts that name the package."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(_HIDDEN))
        for name in sorted(names):
            path = os.path.join(place, name)
            if name.endswith(".ipynb") or (name.endswith(".py") and _names_the_package(path)):
                found.append(path)
    return found


def _names_the_package(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return b"mojocell" in file.read()
    except OSError:
        return False


class Outcome(NamedTuple):
    """What came of it all.

    Attributes
    ----------
    books : sequence of Placed
        The files.
    done : dict
        The last that was heard of each cell.
    """

    books: Sequence[Placed]
    done: dict[str, ahead.Done]

    @property
    def failed(self) -> list[ahead.Done]:
        """Return what does not compile, or could not be."""
        return [one for one in self.done.values() if one.error is not None]

    def lines(self) -> list[str]:
        """Return a line for each file, and one for each cell that was left out."""
        lines = []
        for book in self.books:
            done = [one for one in self.done.values() if one.book == book]
            results = [one.result for one in done if one.result is not None and one.error is None]
            kept = len([result for result in results if result.cache == "hit"])
            failed = len(done) - len(results)
            parts = [plural(len(results) - kept, "cell") + " compiled"]
            parts += [f"{kept} in the cache already"] if kept else []
            parts += [f"{failed} not compiled"] if failed else []
            lines.append(f"{book.path}: {', '.join(parts) if done else 'no Mojo to compile'}")
            lines += [
                f"  {book.labels[number]} is left out: {why}" for number, why in sorted(book.skipped.items())
            ]
        return lines


def run(
    paths: Iterable[str], *, most: int | None, screen: Screen, complain: Callable[[MojoError], Any]
) -> Outcome:
    """Compile what files have.

    Parameters
    ----------
    paths : iterable of str
        Files and folders.
    most : int or None
        How many cells at a time.
    screen : Screen
        Where progress goes.
    complain : callable
        Told of each cell that does not compile.

    Raises
    ------
    MojoError
        A file cannot be read, or nothing can be compiled here.
    """
    books = [Placed(path) for path in files(paths)]
    done: dict[str, ahead.Done] = {}
    total = 0

    def follow(one: ahead.Done | None, left: int) -> None:
        nonlocal total
        if one is not None:
            done[one.label] = one
            if one.error is not None and not isinstance(one.error, MojoCompileError):
                raise one.error
        total = max(total, left + len(done))
        screen.show(bar(len(done), total))

    stop = ahead.Stop()
    try:
        ahead.compile_all(
            books, urgency="prefetch", most=most or ahead.processors(), stop=stop, follow=follow
        )
    finally:
        stop.set()
        screen.leave("")
    outcome = Outcome(books, done)
    for one in outcome.failed:
        if one.error is not None:
            complain(one.error)
    return outcome


def bar(done: int, total: int) -> str:
    """Return how far it has come.

    Examples
    --------
    >>> bar(3, 12)
    'compiling [######                  ] 3 of 12 cells'
    """
    filled = _BAR * done // total if total else _BAR
    return f"compiling [{'#' * filled}{' ' * (_BAR - filled)}] {done} of {plural(total, 'cell')}"
