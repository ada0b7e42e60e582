"""How `mojocell.cell` shows itself in marimo: while it goes on, when it fails, and as a value.

While a program runs its output stands in the cell's own output, which marimo shows when it edits and
when it serves; what is printed in an app that is served is seen by nobody. There a failure is shown in
its place, too.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from mojocell import display, render

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from mojocell._job import Sink
    from mojocell.result import RunResult

    _Error = TypeVar("_Error", bound=BaseException)
    _Result = TypeVar("_Result")

#: Seconds between two updates of what is shown while a program runs: of little text, and more of the most.
PACE, SLOWEST = 0.02, 0.5
#: The most characters of a program's output that are shown, its last ones.
SHOWN = 100_000


def mode() -> str | None:
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


def in_place(error: _Error, result: RunResult | None = None) -> _Error:
    """Return an error as one that an app which marimo serves shows where it happens.

    There marimo says of an exception that there was one and no more; only of ``mo.stop`` it shows the
    output. The error stays what it is for those who catch it.

    Parameters
    ----------
    error : Exception
        What is about to be raised.
    result : RunResult, optional
        What is shown with it: source, output, times.

    Examples
    --------
    >>> in_place(ValueError("elsewhere"))
    ValueError('elsewhere')
    """
    marimo = sys.modules.get("marimo")
    if marimo is None or not marimo.running_in_notebook() or marimo.app_meta().mode != "run":
        return error
    kind = type(error)
    if not issubclass(kind, marimo.MarimoStopError):
        names = {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
        error.__class__ = type(kind.__name__, (kind, marimo.MarimoStopError), names)
        error.__dict__["output"] = marimo.Html(_alert(error, result))
    return error


def execute(run: Callable[[Sink | None], _Result]) -> _Result:
    """Do what a cell asks for, and show how it goes on.

    Parameters
    ----------
    run : callable
        Does it, and tells a sink of events and output as they come.

    Returns
    -------
    object
        What `run` returns.

    Examples
    --------
    >>> execute(lambda sink: sink is None)
    True
    """
    where = mode()
    if where is None:
        return run(None)
    if where == "script":
        sink = display.Echo()
        result = run(sink)
        sink.close()
        return result
    live = Live()
    try:
        result = run(live)
    except BaseException:
        live.leave()
        raise
    live.close()
    return result


class Live(display.Echo):
    """Keeps the cell's output at what a program has written so far."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: list[tuple[str, str]] = []
        self._state = ""
        self._shown = 0.0
        self._is_behind = False
        self._is_used = False

    def event(self, name: str, _header: dict[str, Any]) -> None:
        """Show that it is compiled, or that it waits for that."""
        states = {"queued": "waiting for a compiler …", "compiling": "compiling …", "compiled": "running …"}
        if name in states:
            self._state = states[name]
            self._show()

    def _write(self, stream: str, text: str) -> None:
        if not text:
            return
        if self._texts and self._texts[-1][0] == stream:
            text = self._texts.pop()[1] + text
        self._texts.append((stream, text[-SHOWN:]))
        self._is_behind = True
        self.quiet()

    def quiet(self) -> None:
        """Show what was written, where it is time to."""
        size = sum(len(each) for _, each in self._texts)
        if self._is_behind and time.monotonic() - self._shown >= PACE + SLOWEST * size / SHOWN:
            self._show()
            self._shown = time.monotonic()

    def _show(self) -> None:
        self._is_used = True
        self._is_behind = False
        _replace(output_html(self._texts) + display.bundle(self._state, dim=True)["text/html"])

    def leave(self) -> None:
        """Show what there was until it was stopped."""
        if self._is_used:
            _replace(output_html(self._texts))

    def close(self) -> None:
        """Take away what passes, and leave what was written."""
        if self._texts:
            _replace(output_html(self._texts))
        elif self._is_used:
            _clear()


def _replace(html: str) -> None:
    import marimo as mo

    mo.output.replace(mo.Html(html))


def _clear() -> None:
    import marimo as mo

    mo.output.clear()


# --- as HTML ----------------------------------------------------------------------------------


def output_html(texts: list[tuple[str, str]]) -> str:
    """Return what a program wrote, in its order, standard error marked."""
    edges = {"stdout": "", "stderr": "border-left:3px solid #c62828;padding-left:.5em"}
    return "".join(
        f'<pre class="mojocell" style="margin:0;{edges[stream]}">{render.escape(text)}</pre>'
        for stream, text in texts
    )


def _alert(error: BaseException, result: RunResult | None) -> str:
    """Return a failure: the source and what it wrote where they are known, what went wrong, the times."""
    title = f'<strong style="color:#c62828">{type(error).__name__}</strong>'
    if result is not None:
        return f'{source_html(result.source)}<div role="alert">{title}{display.result_html(result)}</div>'
    show = getattr(error, "_repr_html_", None)
    shown = show() if show else f"<pre>{render.escape(str(error))}</pre>"
    return f'<div role="alert">{title}{shown}</div>'


def source_html(source: str) -> str:
    """Return Mojo source in the colours that marimo gives to code.

    Examples
    --------
    >>> "codehilite" in source_html("def main(): pass")
    True
    """
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name("mojo")
    except ClassNotFound:
        lexer = get_lexer_by_name("python")
    code = highlight(source.strip("\n"), lexer, HtmlFormatter(cssclass="codehilite"))
    return f'<div style="margin-bottom:.75em;overflow-x:auto">{code}</div>'


def module_html(module: Any) -> str:
    """Return a cell as a value: its source, what it printed or what it defines, the line of times."""
    source = module.__mojo__.source
    return source_html(source) + display.module_html(module)
