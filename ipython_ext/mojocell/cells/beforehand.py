"""A kernel's cells before they run: those of the notebook that was opened, the one that is typed, a queue.

JupyterLab's extension opens a comm to the target ``mojocell.ahead``. It says ``{"typed": cell}`` when typing
has stopped, ``{"queued": [cell, ...]}`` when cells are run together, and ``{"stop": true}``; a cell is
``{"cell": id, "text": ...}``. The answer to its opening says whether it is to tell what is typed:
``{"speculate": true}``.

What only does something is imported when something is to be done: `%load_ext` is in everybody's way.
"""

from __future__ import annotations

import contextvars
import os
import time
from typing import TYPE_CHECKING, Any

from mojocell import settings
from mojocell.show.progress import PATIENCE
from mojocell.show.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mojocell.cells.ahead import Done, Latest, Newest, Stop
    from mojocell.cells.book import CellOf
    from mojocell.cells.reading import Reader
    from mojocell.cells.session import Session
    from mojocell.core.request import Job

TARGET = "mojocell.ahead"


class Beforehand:
    """What is compiled before its cell runs.

    Parameters
    ----------
    shell : InteractiveShell
        Whose cells.
    session : Session
        What they know of each other.
    reader : Reader
        How they are read.
    """

    def __init__(self, shell: Any, session: Session, reader: Reader) -> None:
        self._ip = shell
        self._session = session
        self._reader = reader
        self._line: _Line | None = None
        self._opened: Stop | None = None
        self._queued: Stop | None = None
        self._outdated: Newest | None = None
        self._typed: str | None = None
        self._latest: Latest | None = None

    # --- the notebook that was opened ---

    def open(self) -> None:
        """Compile the cells of the kernel's notebook, where that is known and trusted; in the background."""
        if not settings.value_of("prefetch"):
            return
        found = notebook(self._ip.user_ns, os.environ)
        if found is None:
            return
        from mojocell.cells import ahead

        self._opened = stop = ahead.Stop()
        self._line = line = _Line(stop)
        if getattr(self._ip, "get_parent", dict)():
            line.place()
        ahead.in_background(lambda: self._compile_opened(*found, line, stop))

    def _compile_opened(self, path: str, known: bool, line: _Line, stop: Stop) -> None:
        from mojocell.cells.prefetch import cells_of

        if not (known or is_trusted(path)):
            return
        try:
            with open(path, encoding="utf-8") as file:
                cells, _ = cells_of(file.read(), path)
        except (OSError, UnicodeDecodeError):
            return
        self._compile(cells, "prefetch", stop, line.follow)

    def stop(self) -> None:
        """End all that goes on."""
        for one in (self._opened, self._queued):
            if one is not None:
                one.set()
        if self._outdated is not None:
            self._outdated.stop()

    def runs(self) -> None:
        """Take note that a cell is about to run: in a kernel of Mojo the first one shows how far it is."""
        if self._line is not None:
            self._line.place()

    def ran(self, *, failed: bool) -> None:
        """Take note that a cell has ended: after one that failed, those behind it do not run."""
        if failed and self._queued is not None:
            self._queued.set()

    # --- what uses a cell that was changed ---

    def outdated(self, jobs: Mapping[str, Job | None]) -> None:
        """Compile cells that are out of date, in the place of what was to be compiled of them before."""
        if not settings.value_of("speculate") or not (self._outdated or any(jobs.values())):
            return
        from mojocell.cells import ahead

        self._outdated = self._outdated or ahead.Newest()
        self._outdated.put({cell: job and job.but(urgency="prefetch") for cell, job in jobs.items()})

    def _compile(
        self, cells: list[CellOf], urgency: str, stop: Stop, follow: Callable[[Done | None, int], object]
    ) -> None:
        from mojocell.cells import ahead
        from mojocell.cells.book import Notebook

        book = Notebook(cells, self._reader, living=self._session.living)
        ahead.compile_all([book], urgency=urgency, most=ahead.processors(), stop=stop, follow=follow)

    # --- what front ends tell ---

    def serve(self) -> None:
        """Listen to front ends of this kernel."""
        from comm import get_comm_manager

        get_comm_manager().register_target(TARGET, self._listen)

    def _listen(self, comm: Any, _message: dict[str, Any]) -> None:
        comm.on_msg(self._hear)
        comm.send({"speculate": bool(settings.value_of("speculate"))})

    def _hear(self, message: dict[str, Any]) -> None:
        said = message.get("content", {}).get("data") or {}
        if said.get("stop"):
            self.stop()
        if said.get("typed"):
            self.typed(*_cell(said["typed"]))
        if said.get("queued"):
            self.queued([_cell(one) for one in said["queued"]])

    def typed(self, cell: str, text: str) -> None:
        """Compile a text that may be run soon, in the place of the one before."""
        if not settings.value_of("speculate"):
            return
        from mojocell.cells import ahead
        from mojocell.cells.typed import typed
        from mojocell.options import OptionError

        try:
            read = typed(text, self._reader, expand=True)
            job = read.job(cell, self._reader, self._session.using, self._session.names()) if read else None
        except (OptionError, TypeError):
            return
        if job is None or job.identity() == self._typed:
            return
        self._typed = job.identity()
        self._latest = self._latest or ahead.Latest()
        self._latest.put(job.but(urgency="speculation"))

    def queued(self, cells: list[tuple[str, str]]) -> None:
        """Compile cells that are run one after the other, as many at a time as there are processors."""
        from mojocell.cells import ahead
        from mojocell.cells.book import CellOf

        self.ran(failed=True)
        self._queued = stop = ahead.Stop()
        book = [CellOf(f"cell {number}", *cell) for number, cell in enumerate(cells, 1)]
        ahead.in_background(lambda: self._compile(book, "soon", stop, lambda _done, _left: None))


def _cell(said: Mapping[str, Any]) -> tuple[str, str]:
    return str(said.get("cell") or ""), str(said.get("text") or "")


class _Line:
    """The one line that says of a notebook's cells how far they are; nothing where that is but a moment."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._began = time.monotonic()
        self._context: contextvars.Context | None = None
        self._handle: Any = None
        self._text = ""
        self._done = self._failed = 0

    def place(self) -> None:
        """Belong to the cell that runs now, unless there is one already."""
        self._context = self._context or contextvars.copy_context()

    def follow(self, done: Done | None, left: int) -> None:
        """Say how far it is."""
        if done is not None:
            self._done += 1
            self._failed += done.error is not None
        if self._handle is None and (not left or time.monotonic() - self._began < PATIENCE):
            return
        total = plural(self._done + left, "Mojo cell")
        failed = f"; {self._failed} of them would not compile" if self._failed else ""
        if self._stop or not left:
            self._show(f"{plural(self._done, 'Mojo cell')} compiled ahead{failed}", is_over=True)
        else:
            self._show(f"compiling {total} ahead, {self._done} done", is_over=False)

    def _show(self, text: str, *, is_over: bool) -> None:
        if text != self._text and self._context is not None:
            self._context.run(self._display, text, is_over=is_over)

    def _display(self, text: str, *, is_over: bool) -> None:
        from IPython.display import display

        from mojocell.show import html

        self._text = text
        data = html.bundle(text, dim=True)
        if not is_over:
            # The extension of JupyterLab makes it be seen, and does what it says.
            button = '<button type="button" class="mojocell-ahead-stop" hidden>Stop</button>'
            data["text/html"] = data["text/html"].replace("</div>", f" {button}</div>")
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)


# --- which notebook -----------------------------------------------------------------------------


def notebook(names: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[str, bool] | None:
    """Return the path of the kernel's notebook, and whether its front end runs none that is not trusted.

    Jupyter Server tells a kernel by its environment; VS Code, which runs nothing in a folder that is not
    trusted, by a variable.

    Examples
    --------
    >>> notebook({"__vsc_ipynb_file__": "/no/such.ipynb"}, {}) is None
    True
    """
    told = names.get("__vsc_ipynb_file__")
    for path, known in ((told, True), (environment.get("JPY_SESSION_NAME"), False)):
        if isinstance(path, str) and path.endswith(".ipynb") and os.path.isfile(path):
            return os.path.abspath(path), known
    return None


def is_trusted(path: str) -> bool:
    """Tell whether the user trusts a notebook: whether Jupyter has signed it as it stands in its file."""
    try:
        import nbformat
        from nbformat.sign import NotebookNotary
    except ImportError:
        return False
    made: Any = NotebookNotary
    notary = made()
    if not os.path.isfile(notary.db_file):  # nobody signed anything, and looking would make it
        return False
    try:
        book = nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
        return bool(notary.check_signature(book))
    except Exception:  # noqa: BLE001  (of a file that anybody wrote, and of a database)
        return False
    finally:
        notary.store.close()
