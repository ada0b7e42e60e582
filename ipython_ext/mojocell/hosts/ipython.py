"""IPython, with the kernel of a notebook or in a terminal.

An inline call is interrupted by a handler of ours, which hands on what is not its business. But a
kernel puts Python's own handler for Ctrl-C in place before every message, around asynchronous cells
once more, and a terminal does so around its prompt. So ours is put back each time.
"""

from __future__ import annotations

import builtins
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from mojocell.hosts.terminal import Terminal, TerminalScreen
from mojocell.show.progress import Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from mojocell.show.layout import Layout, Palette

_followed: Any = None


class IPython(Terminal):
    """The host where cells run in a shell of IPython's.

    Parameters
    ----------
    shell : InteractiveShell
        The shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    @property
    def has_kernel(self) -> bool:
        """Whether a front end shows what is displayed, and not a terminal."""
        return getattr(self._shell, "kernel", None) is not None

    @property
    def is_mojo(self) -> bool:
        """Whether cells are Mojo without a magic: the kernel's own language tells."""
        told = getattr(getattr(self._shell, "kernel", None), "language_info", None) or {}
        return bool(told.get("name") == "mojo")

    def wants_gil(self, *, prints: bool) -> bool:
        """Tell whether a call may wait for itself: a thread reads what a kernel's process prints."""
        return prints and self.has_kernel

    def keep_interrupts(self) -> None:
        """Put our handlers in place before every cell and every message of a kernel."""
        global _followed  # noqa: PLW0603  (there is one shell in a process)
        if self._shell is _followed:
            return
        _followed = self._shell
        self._shell.events.register("pre_run_cell", _before_cell)
        kernel: Any = getattr(self._shell, "kernel", None)
        original: Any = getattr(kernel, "pre_handler_hook", None)
        if original is None:
            return

        def before_message() -> None:
            original()
            arm()

        kernel.pre_handler_hook = before_message

    def palette(self) -> Palette:
        """Return what the shell has: colours in a terminal, in a notebook what can be read in every theme."""
        if os.environ.get("NO_COLOR") or str(getattr(self._shell, "colors", "")).lower() == "nocolor":
            return "plain"
        return "weights" if self.has_kernel else "colors"

    def cell_of(self, source: str) -> str | None:
        """Return the label of the notebook's cell that says a source."""
        magics = self._shell.magics_manager.registry.get("Mojocell")
        return None if magics is None else magics.cell_of(source)

    def has_reader(self) -> bool:
        """Tell whether somebody is there to read along.

        nbclient, and so papermill, ``nbconvert --execute`` and ``jupyter execute``, send every request
        with ``allow_stdin`` false, because nobody could answer; front ends with a reader send true.
        """
        return self._request("content").get("allow_stdin") is not False

    def reader(self) -> Callable[[str], str] | None:
        """Return what asks: the front end of a kernel that says it can, or the terminal."""
        can = self._request("content").get("allow_stdin") is True if self.has_kernel else sys.stdin.isatty()
        return builtins.input if can else None

    def deleted_cells(self) -> list[str]:
        """Return the cells that the front end says were deleted before this one ran, as JupyterLab does."""
        deleted = self._request("metadata").get("deletedCells")
        return [str(cell) for cell in deleted] if isinstance(deleted, list) else []

    def _request(self, part: str) -> dict[str, Any]:
        """Return a part of the message that a kernel is serving."""
        get_parent = getattr(self._shell, "get_parent", None)
        parent = get_parent() if get_parent is not None else getattr(self._shell, "parent_header", None)
        found = parent.get(part) if isinstance(parent, dict) else None
        return found if isinstance(found, dict) else {}

    def screen(self, wish: str) -> Screen:
        """Return where progress and times go: nowhere when nobody reads them.

        Parameters
        ----------
        wish : {"auto", "always", "never"}
            The setting ``status``.
        """
        if wish == "never":
            return Screen()
        if self.has_kernel:
            return NotebookScreen() if wish == "always" or self.has_reader() else Screen()
        return TerminalScreen() if wish == "always" or sys.stderr.isatty() else Screen()

    def display(self, lines: Layout) -> None:
        """Display a layout."""
        from mojocell.show import layout

        self.display_both(layout.paint(lines), lambda: layout.html(lines))

    def display_both(self, text: str, html: Callable[[], str]) -> None:
        """Display text, or in a notebook the HTML that says the same."""
        if not self.has_kernel:
            print(text)
            return
        from IPython.display import display

        display({"text/plain": text, "text/html": html()}, raw=True)  # type: ignore[no-untyped-call]

    def display_bundle(self, found: tuple[dict[str, Any], dict[str, Any]] | None) -> None:
        """Display how a value looks, where it looks like anything."""
        if found is not None:
            from IPython.display import display

            display(found[0], raw=True, metadata=found[1])  # type: ignore[no-untyped-call]


class RunningCells:
    r"""Which cells are running, outermost first: ``%%capture`` and others run cells within cells.

    Attributes
    ----------
    cell_id : str or None
        The front end's name of the outermost one.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> running = RunningCells()
    >>> running.begin(SimpleNamespace(cell_id="a", raw_cell="%%mojo -O1\nprint(1)"))
    >>> running.cell_id, running.head("print(1)\n")
    ('a', '%%mojo -O1\n')
    >>> running = RunningCells()
    >>> running.begin(SimpleNamespace(cell_id="b", raw_cell="print(1)"))
    >>> running.head("print(1)\n")  # in a kernel of Mojo
    ''
    """

    def __init__(self) -> None:
        self._sources: list[str] = []
        self.cell_id: str | None = None

    def begin(self, info: Any) -> None:
        """Take note of a cell that is about to run."""
        if not self._sources:
            self.cell_id = getattr(info, "cell_id", None)
        self._sources.append(info.raw_cell or "")

    def end(self) -> None:
        """Take note that the innermost one has ended."""
        del self._sources[-1:]

    def head(self, body: str) -> str:
        """Return what the editor shows above a body; a line to stand for it where that cannot be told."""
        body = body.rstrip("\n")
        for source in self._sources:
            raw = source.rstrip("\n")
            if body and f"\n{raw}".endswith(f"\n{body}"):
                return raw[: len(raw) - len(body)]
        return "%%mojo\n"


def describe_functions(shell: Any) -> Callable[[], None]:
    """Let ``f?`` say of a Mojo function what is of use; return what ends that.

    To IPython its call is one of C, with any arguments, and its source in a file, which is nowhere: ``f??``
    has it from memory.
    """
    inspector = shell.inspector
    original = inspector.info

    def info(obj: Any, *args: Any, **kwargs: Any) -> Any:
        from mojocell._bridge import Function

        found = original(obj, *args, **kwargs)
        if isinstance(obj, Function):
            found["call_def"] = found["file"] = None
        return found

    def end() -> None:
        if inspector.info is info:
            del inspector.info

    inspector.info = info
    return end


def arm() -> None:
    """Put the handlers in place; nothing in a thread that no signal interrupts."""
    from mojocell import _bridge

    if threading.current_thread() is threading.main_thread():
        _bridge.arm()


def _before_cell(_info: object) -> None:
    arm()


class NotebookScreen(Screen):
    """One display of a notebook that is updated; what others displayed is never cleared."""

    def __init__(self) -> None:
        self._handle: Any = None

    def reserve(self) -> None:
        """Create the display: above the output, also where no compilation was waited for."""
        if self._handle is None:
            self.show("running")

    def show(self, text: str) -> None:
        """Create the display or update it."""
        from IPython.display import display

        from mojocell.show import html

        data = html.bundle(text, dim=True)
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)

    final = show

    def leave(self, text: str) -> None:
        """Update the display, where there is one."""
        if self._handle is not None:
            self.show(text)
