"""marimo: a notebook that is edited, an app that is served, or a notebook as a script.

While a program runs its output stands in the cell's own output, which marimo shows when it edits and
when it serves; what is printed in an app that is served is seen by nobody. There a failure is shown in
its place, too. All that the package knows of marimo is here.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from mojocell.hosts.terminal import Terminal
from mojocell.show import html
from mojocell.show.output import Echo
from mojocell.show.progress import CellSink, Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Literal

    from mojocell.hosts.host import Error, Result, Shown
    from mojocell.show.output import Sink

#: Seconds between two updates of what is shown while a program runs: of little text, and more of the most.
PACE, SLOWEST = 0.02, 0.5
#: The most characters of a program's output that are shown, its last ones.
SHOWN = 100_000

_is_app = False


def is_here() -> bool:
    """Tell whether this process is marimo's; a thread that is not a cell's own is seen as one of an app."""
    return mode() is not None or _serves()


def mode() -> Literal["notebook", "script"] | None:
    """Return ``"notebook"`` where marimo shows outputs, ``"script"`` where it runs one, else None.

    Examples
    --------
    >>> mode() is None
    True
    """
    marimo = sys.modules.get("marimo")
    if marimo is None:
        return None
    if marimo.running_in_notebook():
        return "notebook"
    return "script" if marimo.app_meta().mode == "script" else None


def _serves() -> bool:
    """Tell whether this process serves an app, whose readers share it.

    A thread that is not the app's own has no context to be asked, so what was seen once holds.
    """
    global _is_app  # noqa: PLW0603  (a fact about the process)
    marimo = sys.modules.get("marimo")
    if not _is_app and marimo is not None:
        try:
            _is_app = marimo.app_meta().mode == "run"
        except Exception:  # noqa: BLE001  (whatever a marimo of another time does: it is not known, then)
            return False
    return _is_app


def edited_file() -> str | None:
    """Return the file of the notebook that is edited in this process; None where none is."""
    if mode() != "notebook" or sys.modules["marimo"].app_meta().mode != "edit":
        return None
    file = getattr(sys.modules["__main__"], "__file__", None)
    return file if isinstance(file, str) and file.endswith(".py") and os.path.isfile(file) else None


class Marimo(Terminal):
    """The host where cells are marimo's."""

    def default_mode(self) -> Literal["inline", "isolated"]:
        """Isolated in an app that ``marimo run`` serves: all who look at it share the process."""
        return "isolated" if _serves() else "inline"

    def wants_gil(self, *, prints: bool) -> bool:  # noqa: ARG002  (of a protocol)
        """Tell whether this is a kernel: its threads carry what cells print and notice the server's end."""
        return mode() == "notebook"

    def follow(self, run: Callable[[Sink | None], Result]) -> Result:
        """Do what a cell asks for, and show how it goes on.

        Parameters
        ----------
        run : callable
            Does it, and tells a sink of events and output as they come.

        Returns
        -------
        object
            What `run` returns.
        """
        where = mode()
        if where is None:
            return run(None)
        if where == "script":
            sink = Echo()
            result = run(sink)
            sink.close()
            return result
        live = Live()
        live.reader = self.reader()
        try:
            result = run(live)
        except BaseException:
            live.leave()
            raise
        live.close()
        return result

    def reader(self) -> Callable[[str], str] | None:
        """Return what asks, while one edits: marimo's own ``input``, whose place is below the cell."""
        return getattr(sys.modules["__main__"], "input", None) if self.shows_code() else None

    def present(self, error: Error, shown: Shown | None = None) -> Error:
        """Return an error as one that is seen where it happens.

        In a notebook that is edited its traceback has the cell's lines alone, and ends with the one of the
        Mojo source where that stands in the cell: marimo marks it. In an app it says of an exception that
        there was one and no more; only of ``mo.stop`` it shows the output. So what is raised in an app is
        both: of the error's class, for those who catch it, and of that of ``mo.stop``.

        Parameters
        ----------
        error : Exception
            What is about to be raised.
        shown : Shown, optional
            What is shown with it: source, output, times.
        """
        marimo = sys.modules["marimo"]
        if mode() != "notebook" or isinstance(error, marimo.MarimoStopError):
            return error
        if self.shows_code():
            return _made(_trimmed, error)
        made = _made(_stopping, error)
        cast("Any", made).output = marimo.Html(_alert(error, shown))
        return made

    def shows_code(self) -> bool:
        """Tell whether this is a notebook that is edited."""
        return bool(sys.modules["marimo"].app_meta().mode == "edit")

    def has_reader(self) -> bool:
        """Tell that somebody reads."""
        return True

    def element(self, widget: Any) -> Any:
        """Return the element of marimo whose value is the newest result of a widget."""
        if mode() != "notebook":
            return widget
        import marimo as mo

        class Element(mo.ui.anywidget):
            """A widget whose value in marimo is the result that it shows."""

            @property  # type: ignore[misc]
            def value(self) -> Any:
                """The newest result; raises what the newest call raised."""
                if widget.error is not None:
                    raise Marimo().present(widget.error)
                return widget.value

        widget.reactive = True
        return Element(widget)


# --- errors -----------------------------------------------------------------------------------


def _made(class_of: Callable[[Any], Any], error: Error) -> Error:
    """Return an error again, as one of a class made of its own."""
    kind = class_of(type(error))
    is_builtin = kind.__module__ == "builtins"  # of which some have what is in no dict
    made = kind(*cast("Any", error.__reduce__())[1]) if is_builtin else kind.__new__(kind, *error.args)
    made.__dict__.update(error.__dict__)
    return cast("Error", made)


def _derived(kind: Any, *others: type, **own: Any) -> Any:
    """Return a class of errors that is a kind's to all who look at it, and to pickles."""

    def reduce(self: BaseException) -> tuple[Any, ...]:
        """Return what makes the error again, in whatever process: one of the kind itself."""
        state = {name: value for name, value in self.__dict__.items() if name != "output"}
        return kind, self.args, state

    names = {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(kind.__name__, (kind, *others), {**names, "__reduce__": reduce, **own})


@functools.cache
def _stopping(kind: Any) -> Any:
    """Return the class of errors of a kind that end a cell as ``mo.stop`` does; the same one each time."""
    import marimo as mo

    return _derived(kind, mo.MarimoStopError)


@functools.cache
def _trimmed(kind: Any) -> Any:
    """Return the class of errors of a kind whose traceback is the cell's."""
    plain: Any = BaseException.__dict__["__traceback__"]

    def get(error: BaseException) -> TracebackType | None:
        return _lines_of_cell(plain.__get__(error), error)

    return _derived(kind, __traceback__=property(get, plain.__set__))


def _lines_of_cell(traceback: TracebackType | None, error: BaseException) -> TracebackType | None:
    """Return a traceback without this package's frames, at its end the line of the Mojo source."""
    from types import TracebackType

    if traceback is None:
        return None
    rest = _lines_of_cell(traceback.tb_next, error)
    frame = traceback.tb_frame
    if frame.f_globals.get("__name__", "").partition(".")[0] == "mojocell":
        return rest
    line = None if rest is not None else _line_in(frame.f_code.co_filename, error)
    if line is None:
        return TracebackType(rest, frame, traceback.tb_lasti, traceback.tb_lineno)
    return TracebackType(None, frame, -1, line)


def _line_in(file: str, error: BaseException) -> int | None:
    """Return the line of a cell's text at which an error's place in its Mojo source stands."""
    import linecache

    line, source = getattr(error, "line", None), getattr(error, "source", None)
    if line is None:
        line = next((item.line for item in getattr(error, "diagnostics", ()) if not item.file), None)
    if line is None or source is None:
        return None
    first, *middle = (text.strip() for text in source.split("\n"))
    last = middle.pop() if middle else first
    have = [text.strip() for text in linecache.getlines(file)]
    for start, text in enumerate(have):
        end = start + source.count("\n")
        if first in text and have[start + 1 : end] == middle and end < len(have) and last in have[end]:
            return start + int(line)
    return None


def _alert(error: BaseException, shown: Shown | None) -> str:
    """Return a failure: the source and what it wrote where they are known, what went wrong, the times."""
    title = f'<strong style="{html.ink("#c62828")}">{type(error).__name__}</strong>'
    if shown is not None:
        return f'{html.code(shown.source)}<div role="alert">{title}{shown._repr_html_()}</div>'
    show = getattr(error, "_repr_html_", None)
    text = show() if show else f"<pre>{html.escape(str(error))}</pre>"
    return f'<div role="alert">{title}{text}</div>'


# --- output -----------------------------------------------------------------------------------


class _State(Screen):
    """The line below the output that says how a cell goes on."""

    def __init__(self, change: Callable[[str], object]) -> None:
        self._change = change

    def show(self, text: str) -> None:
        """Show a passing state."""
        self._change(text)

    leave = show


class Live(CellSink):
    """Keeps the cell's output at what a program has written so far."""

    def __init__(self) -> None:
        super().__init__(_State(self._say), None)
        self._texts: deque[tuple[str, str]] = deque()
        self._size = 0
        self._state = ""
        self._shown = 0.0
        self._is_behind = False
        self._is_used = False

    def _say(self, text: str) -> None:
        self._state = text
        self._show()

    def _write(self, stream: str, text: str) -> None:
        if not text:
            return
        if self._texts and self._texts[-1][0] == stream:
            text = self._forget_last() + text
        self._texts.append((stream, text[-SHOWN:]))
        self._size += len(self._texts[-1][1])
        while self._size - len(self._texts[0][1]) >= SHOWN:
            self._size -= len(self._texts.popleft()[1])
        self._is_behind = True
        self.quiet()

    def _forget_last(self) -> str:
        text = self._texts.pop()[1]
        self._size -= len(text)
        return text

    def quiet(self) -> None:
        """Show what was written and how long the wait is, where it is time to."""
        super().quiet()
        if self._is_behind and time.monotonic() - self._shown >= PACE + SLOWEST * self._size / SHOWN:
            self._show()
            self._shown = time.monotonic()

    def _show(self) -> None:
        self._is_used = True
        self._is_behind = False
        _replace(output_html(self._texts) + html.bundle(self._state, dim=True)["text/html"])

    def leave(self) -> None:
        """Show what there was until it was stopped."""
        if self._is_used:
            _replace(output_html(self._texts))

    def close(self) -> None:
        """Take away what passes, and leave what was written."""
        self.progress.end()
        self._pass("stderr", self._last_words)
        if self._texts:
            _replace(output_html(self._texts))
        elif self._is_used:
            _clear()


def _replace(text: str) -> None:
    import marimo as mo

    mo.output.replace(mo.Html(text))


def _clear() -> None:
    import marimo as mo

    mo.output.clear()


def output_html(texts: Iterable[tuple[str, str]]) -> str:
    """Return what a program wrote, in its order, standard error marked."""
    return "".join(
        f'<pre class="mojocell" style="margin:0;{html.EDGES[stream]}">{html.escape(text)}</pre>'
        for stream, text in texts
    )


# --- caches -----------------------------------------------------------------------------------

_known: set[type] = set()


def know_by_content(kind: type, content: Callable[[Any], bytes]) -> bool:
    """Let ``mo.cache`` and ``mo.persistent_cache`` know objects of a type by what they are made of.

    They look into functions of Python and into types that a stub is registered for; of anything else they
    take the code of the cell that made it, and would not see a source that came from a file.
    """
    if kind in _known:
        return True
    try:
        # There is no public way to register one.
        from marimo._save.stubs import CustomStub, register_stub
    except ImportError:  # of another version: it goes by the cell's code
        return False

    class Stub(CustomStub):
        """An object in a cache: what it is made of."""

        __slots__ = ("content", "made")

        def __init__(self, value: Any) -> None:
            self.made = value.__reduce__()
            self.content = content(value)

        def load(self, _glbls: dict[str, Any]) -> Any:
            """Make it again, from the cache."""
            function, arguments = self.made
            return function(*arguments)

        @staticmethod
        def get_type() -> type:
            """Return what it stands for."""
            return kind

        def to_bytes(self) -> bytes:
            """Return what the cache hashes."""
            return self.content

    register_stub(kind, Stub)
    _known.add(kind)
    return True
