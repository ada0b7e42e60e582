"""Everything that can go wrong, as one tree under `MojoError`.

Each error has a ``code`` (the daemon's own word for it), a ``hint`` on what to do where there is
one, and a message in the compiler's manner: place, line of source, caret. In a notebook the message
is shown instead of a Python traceback, and cells below do not run.
"""

from __future__ import annotations

import builtins
import signal as _signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from mojocell.core.result import RunResult
    from mojocell.diagnostics import Diagnostic, Note


class MojoError(Exception):
    """Something about a Mojo cell went wrong.

    Parameters
    ----------
    message : str
        What happened, in one line.
    code : str, optional
        The daemon's word for it; each class has its own default.
    hint : str or None, optional
        What to do about it.
    result : RunResult or None, optional
        What the program had done until then, where one ran.

    Attributes
    ----------
    message, code, hint, result
        As given.
    function : str or None
        The Mojo function whose call it was.

    Examples
    --------
    >>> error = MojoError("the disk is full", code="io", hint="free some room")
    >>> print(error)
    the disk is full
    hint: free some room
    """

    default_code = "internal"
    #: True where a magic raised it: the cell is what the user sees, no Python line is worth showing.
    from_magic = False
    function: str | None = None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        result: RunResult | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint or None
        self.result = result

    def render(self, *, color: bool = False) -> str:
        """Return the whole message.

        Parameters
        ----------
        color : bool
            With ANSI colours; the words are the same either way.

        Returns
        -------
        str
            One or more lines without a final newline.
        """
        from mojocell.show import layout

        return layout.paint(self._lines(), "colors" if color else "plain")

    def _lines(self) -> list[list[tuple[str, str]]]:
        from mojocell.show import layout

        return layout.headline(self.message, self.hint)

    def __str__(self) -> str:
        return self.render()

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in the place of a traceback."""
        from mojocell import hosts
        from mojocell.show import layout

        lines = [f"{type(self).__name__}: {layout.paint(self._lines(), hosts.current().palette())}"]
        return lines if self.from_magic else lines + _callers(self.__traceback__)

    def _repr_html_(self) -> str:
        from mojocell.show import layout

        return layout.html(self._lines())


class MojoCompileError(MojoError):
    """The cell did not compile.

    Attributes
    ----------
    diagnostics : tuple of Diagnostic
        What the compiler said, each with ``kind line column message source fixits notes``.
    source : str or None
        The cell as it was compiled.
    name : str
        What the diagnostics call it.
    """

    default_code = "compile_failed"
    diagnostics: tuple[Diagnostic, ...] = ()
    source: str | None = None
    name: str = "cell"
    line: int | None = None
    column: int | None = None

    def _lines(self) -> list[list[tuple[str, str]]]:
        from mojocell.show import layout
        from mojocell.show.words import plural

        count = sum(d.kind == "error" for d in self.diagnostics)
        if not count:
            return layout.failure(self)
        lines = [[("", plural(count, "error"))]] if count > 1 else []
        lines += layout.diagnostics(self.diagnostics, source=self.source, name=self.name)
        said = any(d.hint == self.hint for d in self.diagnostics)
        return lines if said else lines + layout.hint(self.hint)


class _ProgramError(MojoError):
    """A program that started and did not end well.

    Attributes
    ----------
    returncode : int or None
        The exit status, None after a signal.
    line, column : int or None
        Where it happened, where that is known.
    library : str or None
        The place of a check that failed within the standard library, as in
        ``std/collections/list.mojo:1095``.
    inside : str or None
        Where the line is not known: the function of the cell that led there.
    source, name
        The cell, and what messages call it.
    element : int or None
        Of a call for each element of arrays: which it was.
    used : bool
        The source is not the cell's own: it is one that it uses functions of.
    call : Note or None
        Of such an error: where the cell's own source calls it, where that is known.
    """

    returncode: int | None = None
    signal: int | None = None
    line: int | None = None
    column: int | None = None
    library: str | None = None
    inside: str | None = None
    source: str | None = None
    name: str = "cell"
    element: int | None = None
    used: bool = False
    call: Note | None = None

    def _lines(self) -> list[list[tuple[str, str]]]:
        from mojocell.show import layout

        return layout.failure(self)


class MojoRuntimeError(_ProgramError):
    """The program raised an error or exited with a status other than 0."""

    default_code = "raised"


class MojoReturnError(MojoError):
    """What came back is not of the type that was asked for."""

    default_code = "bad_return"


class MojoCrash(_ProgramError):  # noqa: N818
    """The program crashed: an index out of range, ``abort()``, a stack overflow, a bad pointer.

    The kernel is not touched by it, and the next cell runs.
    """

    default_code = "crashed"


class MojoTimeout(_ProgramError):  # noqa: N818
    """The program ran longer than the time limit and was ended."""

    default_code = "timeout"


class MojoLimit(_ProgramError):  # noqa: N818
    """The program went over a limit other than time and was ended.

    Attributes
    ----------
    limit : str or None
        Which: ``"memory"``, ``"output"``, ``"cpu"`` or ``"processes"``.
    """

    default_code = "limit"
    limit: str | None = None


class DaemonUnavailable(MojoError):  # noqa: N818
    """The helper process could not be started or reached, not even at a second try."""

    default_code = "daemon_unavailable"


class ToolchainNotFound(MojoError):  # noqa: N818
    """There is no Mojo compiler, or none that can be used."""

    default_code = "toolchain_not_found"


class ProtocolError(MojoError):
    """The daemon and this package do not understand each other."""

    default_code = "protocol"


class Interrupted(builtins.KeyboardInterrupt):
    """A KeyboardInterrupt that knows what had been printed, and shows no traceback of the library.

    Attributes
    ----------
    result : RunResult or None
        The output until then.
    compiling : bool
        It was stopped while it was compiled: nothing of it has run.
    """

    from_magic = False

    def __init__(self, *, result: RunResult | None = None, compiling: bool = False) -> None:
        super().__init__(*(["stopped while it was compiled"] if compiling else []))
        self.result = result
        self.compiling = compiling

    def _render_traceback_(self) -> list[str]:
        lines = [f"KeyboardInterrupt: {self}" if str(self) else "KeyboardInterrupt"]
        return lines if self.from_magic else lines + _callers(self.__traceback__)


# Front ends and tools compare the name; to them this is the exception they know.
Interrupted.__name__ = Interrupted.__qualname__ = "KeyboardInterrupt"
Interrupted.__module__ = "builtins"


#: The class of each of the daemon's error codes that has one of its own; the others are `MojoError`.
BY_CODE: dict[str, type[MojoError]] = {
    "compile_failed": MojoCompileError,
    "invalid_cell": MojoCompileError,
    "raised": MojoRuntimeError,
    "exited": MojoRuntimeError,
    "crashed": MojoCrash,
    "timeout": MojoTimeout,
    "limit": MojoLimit,
    "daemon_unavailable": DaemonUnavailable,
    "daemon_lost": DaemonUnavailable,
    "too_many_clients": DaemonUnavailable,
    "shutting_down": DaemonUnavailable,
    "toolchain_not_found": ToolchainNotFound,
    "toolchain_unsupported": ToolchainNotFound,
    "protocol": ProtocolError,
    "unknown_op": ProtocolError,
}


def from_code(code: str, message: str, hint: str | None = None) -> MojoError:
    """Return the error for a code of the daemon or the client.

    Parameters
    ----------
    code : str
        As in an ``error`` event.
    message : str
        What happened.
    hint : str or None
        What to do about it.

    Examples
    --------
    >>> type(from_code("toolchain_not_found", "no compiler")).__name__
    'ToolchainNotFound'
    """
    return BY_CODE.get(code, MojoError)(message, code=code, hint=hint)


def signal_name(number: int | None) -> str:
    """Return a signal's name in words.

    Examples
    --------
    >>> signal_name(11)
    'SIGSEGV'
    >>> signal_name(None)
    ''
    """
    if number is None:
        return ""
    try:
        return _signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _callers(traceback: TracebackType | None) -> list[str]:
    """Return the user's own lines that led here, outermost first, as text."""
    import linecache
    import os

    own = os.path.dirname(os.path.abspath(__file__)) + os.sep
    lines = []
    while traceback is not None:
        frame = traceback.tb_frame
        path, number = frame.f_code.co_filename, traceback.tb_lineno
        module = frame.f_globals.get("__name__", "")
        if not path.startswith(own) and module.partition(".")[0] not in ("IPython", "ipykernel"):
            source = linecache.getline(path, number).strip()
            where = "this cell" if "ipykernel" in path or path.startswith("<ipython") else path
            lines.append(f"  called from {where}, line {number}: {source}")
        traceback = traceback.tb_next
    return lines
