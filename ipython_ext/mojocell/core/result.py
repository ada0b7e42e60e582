"""What a run gives back."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mojocell import errors
from mojocell.core import printed, used
from mojocell.core.repairs import Repair, repair
from mojocell.diagnostics import Diagnostic, from_wire
from mojocell.errors import MojoError, _ProgramError
from mojocell.show.words import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mojocell.core.printed import Chunk, Printed


class RunResult:
    r"""A Mojo program that ran, and how.

    Attributes
    ----------
    stdout, stderr : str
        All that the program printed. Bytes that are not UTF-8 are replaced.
    output : tuple of Printed
        The same in the order in which it was written: pieces with ``stream`` and ``text``.
    returncode : int or None
        The exit status; None after a signal, or where nothing ran.
    signal : int or None
        The signal that ended it.
    cache : str
        ``"hit"``, ``"miss"`` or ``"joined"`` (another's compilation of the same).
    compiler_cache : bool
        The compiler had the answer in a cache of its own.
    times : dict of float
        Seconds: ``queue``, ``identify``, ``scan``, ``compile``, ``load``, ``run``, ``total``.
    usage : dict
        What the program used: ``user`` and ``system`` seconds, ``max_rss_mb``.
    diagnostics : tuple of Diagnostic
        The compiler's warnings, and its errors where it failed.
    kind : str
        ``"program"``, ``"statements"`` or ``"definitions"`` (nothing to run).
    modernized : tuple of Repair
        Repairs that were made to an older source.
    source : str
        What was compiled, with these repairs.
    name : str
        What diagnostics call the source.
    error : MojoError or None
        What ``check=True`` would have raised.
    limit : str or None
        The limit that ended it: ``"wall"``, ``"memory"``, ``"output"``, …
    process, process_reason : str or None
        ``"forked"`` or ``"executed"``, and why the latter.
    key, artifact : str or None
        The cache entry and its file.
    toolchain : dict
        ``version`` and ``root`` of the compiler.
    cell : dict
        What the scanner found: ``imports``, ``definitions``, ``main``, ``statements``.
    functions : tuple of dict
        The functions that can be called from outside, as ``docs/protocol.md`` has them.
    skipped : dict of str
        Those that cannot, each with the reason.
    records : tuple of dict
        The structs that Python has classes for, as ``docs/protocol.md`` has them.
    used : dict of str
        The sources that it uses functions of, by the names that crashes in them have.
    runtime : dict
        What a process needs to load the artifact: ``identity`` and ``libraries``.

    Examples
    --------
    >>> import mojocell as mc
    >>> result = mc.run("print(6 * 7)")
    >>> result.stdout, result.returncode, result.ok
    ('42\n', 0, True)
    """

    def __init__(
        self,
        wire: Mapping[str, Any],
        taken: Iterable[Chunk] = (),
        *,
        source: str = "",
        name: str = "cell",
    ) -> None:
        self.set_printed(taken)
        self.returncode: int | None = wire.get("returncode")
        self.signal: int | None = wire.get("signal")
        self.cache: str = wire.get("cache") or "miss"
        self.compiler_cache: bool = bool(wire.get("compiler_cache"))
        self.times: dict[str, float] = dict(wire.get("times") or {})
        self.usage: dict[str, float] = dict(wire.get("usage") or {})
        self.kind: str = wire.get("kind") or "program"
        self.modernized: tuple[Repair, ...] = tuple(repair(item) for item in wire.get("modernized") or ())
        self.source: str = wire.get("source") or source
        self.name = name
        self.limit: str | None = wire.get("limit")
        self.process: str | None = wire.get("process")
        self.process_reason: str | None = wire.get("process_reason")
        self.key: str | None = wire.get("key")
        self.artifact: str | None = wire.get("artifact")
        self.toolchain: dict[str, str] = dict(wire.get("toolchain") or {})
        self.cell: dict[str, Any] = dict(wire.get("cell") or {})
        self.functions: tuple[dict[str, Any], ...] = tuple(wire.get("functions") or ())
        self.skipped: dict[str, str] = dict(wire.get("skipped") or {})
        self.records: tuple[dict[str, Any], ...] = tuple(wire.get("records") or ())
        self.used: dict[str, str] = dict(wire.get("used") or {})
        said = from_wire(wire.get("diagnostics"))
        self.diagnostics: tuple[Diagnostic, ...] = used.diagnostics(said, self.used)
        self.run: dict[str, Any] = dict(wire.get("run") or {})
        self.runtime: dict[str, Any] = dict(wire.get("runtime") or {})
        self.error: MojoError | None = None
        if wire.get("ok") is False:
            self.error = _error_of(wire.get("failure") or {}, self)

    def set_printed(self, taken: Iterable[Chunk]) -> None:
        """Take what it printed, in the order in which it came."""
        self._taken = tuple(taken)
        self.stdout, self.stderr = printed.texts(self._taken)

    @functools.cached_property
    def output(self) -> tuple[Printed, ...]:
        r"""What the program printed, in the order in which it wrote it.

        Examples
        --------
        >>> import mojocell as mc
        >>> mc.run('''
        ... from std.sys import stderr
        ... def main():
        ...     print("one")
        ...     print("two", file=stderr)
        ...     print("three")
        ... ''').output
        (Printed(stream='stdout', text='one\n'), Printed(stream='stderr', text='two\n'),
         Printed(stream='stdout', text='three\n'))
        """
        return printed.in_order(self._taken)

    @property
    def ok(self) -> bool:
        """True where it compiled and, if there was anything to run, ended with status 0."""
        return self.error is None

    @property
    def empty(self) -> bool:
        """True where there were only comments, and so nothing to compile."""
        return self.kind == "definitions" and self.key is None and self.cell.get("statements") == 0

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are no errors."""
        return tuple(d for d in self.diagnostics if d.kind != "error")

    def __repr__(self) -> str:
        parts = [f"stdout={_short(self.stdout)}"]
        if self.stderr:
            parts.append(f"stderr={_short(self.stderr)}")
        if self.kind != "definitions":
            parts.append(f"returncode={self.returncode}")
        if self.signal is not None:
            parts.append(f"signal={self.signal}")
        if self.error is not None:
            parts.append(f"error={type(self.error).__name__}({self.error.message!r})")
        return f"RunResult({', '.join(parts)})"

    def _repr_html_(self) -> str:
        from mojocell.show import html

        pieces = [html.streams(self._said()), warnings_html(self)]
        if self.error is not None:
            pieces.append(self.error._repr_html_())
        return "".join(pieces) + times_html(self)

    def _said(self) -> Iterable[tuple[str, str]]:
        """Return what it printed, without what left `main`: the error says that."""
        from mojocell.show.output import RAISED

        ended = self.error is not None and self.error.code == "raised"
        for stream, text in self.output:
            yield stream, text.partition(RAISED)[0] if ended and stream == "stderr" else text

    def _mime_(self) -> tuple[str, str]:
        """Show it in marimo."""
        return "text/html", self._repr_html_()


def _error_of(failure: Mapping[str, Any], result: RunResult) -> MojoError:
    """Return the error for user code that failed.

    Parameters
    ----------
    failure : mapping
        The ``failure`` of a result: ``code``, ``message``, perhaps ``hint``, ``line``, ``column``.
    result : RunResult
        The result it belongs to.
    """
    code = str(failure.get("code") or "internal")
    error = errors.from_code(code, str(failure.get("message") or code), failure.get("hint"))
    error.result = result
    if isinstance(error, errors.MojoCompileError | _ProgramError):
        error.source, error.name = result.source, result.name
        error.line, error.column = failure.get("line"), failure.get("column")
    if isinstance(error, _ProgramError) and failure.get("module"):
        used.put(error, result, str(failure["module"]))
    if isinstance(error, errors.MojoCompileError):
        error.diagnostics = result.diagnostics
    if isinstance(error, _ProgramError):
        error.returncode, error.signal = result.returncode, result.signal
    if isinstance(error, errors.MojoCrash):
        from mojocell.core import crash

        error.library = failure.get("library")
        crash.trace(error, result, failure)
    if isinstance(error, errors.MojoLimit):
        error.limit = result.limit
    return error


# --- what it says of itself -------------------------------------------------------------------


def status(result: RunResult, more: str = "") -> str:
    """Return the line that says where the time of a run went.

    Parameters
    ----------
    result : RunResult
        Of a run or of a compilation.
    more : str
        What else it says.

    Examples
    --------
    >>> from mojocell.core.result import RunResult
    >>> status(RunResult({"cache": "hit", "returncode": 0, "times": {"run": 0.0012}}))
    'cache hit · ran in 1.2 ms'
    """
    times = result.times
    code = result.error.code if result.error is not None else ""
    if code in ("compile_failed", "invalid_cell"):
        return f"not compiled · {duration(times['total'])}" if times.get("total") else "not compiled"
    if result.empty and result.error is None:
        return "nothing to compile: only comments"
    compiled = times.get("compile", 0.0)
    if result.cache == "hit":
        parts = ["cache hit"]
    elif result.cache == "joined":
        parts = [f"waited {duration(compiled)} for a compilation that had begun"]
    else:
        parts = [
            f"compiled in {duration(compiled)} ({'compiler cache' if result.compiler_cache else 'cold'})"
        ]
    if result.kind != "definitions" and (result.returncode is not None or result.signal is not None or code):
        ran = duration(times.get("run", 0.0))
        ends = {"crashed": "crashed after", "timeout": "out of time after", "limit": "over a limit after"}
        parts.append(f"{ends.get(code, 'ran in')} {ran}")
    if result.process == "executed":
        parts.append(
            f"as an executable ({result.process_reason})" if result.process_reason else "as an executable"
        )
    if more:
        parts.append(more)
    return " · ".join(parts)


def signatures(functions: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    r"""Return the signatures of each function of a table, of overloads one a line.

    Examples
    --------
    >>> signatures([{"name": "f", "signature": "def f()"}, {"name": "f", "signature": "def f(n: Int)"}])
    {'f': 'def f()\ndef f(n: Int)'}
    """
    found: dict[str, str] = {}
    for entry in functions:
        name, text = str(entry["name"]), str(entry.get("signature") or entry["name"])
        found[name] = f"{found[name]}\n{text}" if name in found else text
    return found


def warnings_html(result: RunResult) -> str:
    """Return the warnings of a compilation as HTML, nothing where there are none."""
    if not result.warnings:
        return ""
    from mojocell.show import layout

    return layout.html(layout.diagnostics(result.warnings, source=result.source, name=result.name))


def times_html(result: RunResult) -> str:
    """Return the line of times, nothing where nobody reads it: a saved notebook would change with it."""
    from mojocell import hosts, settings
    from mojocell.show import html

    wish = settings.value_of("status")
    if wish == "never" or (wish == "auto" and not hosts.current().has_reader()):
        return ""
    return html.bundle(status(result), dim=True)["text/html"]


def _short(text: str, limit: int = 60) -> str:
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}… ({len(text)} characters)"
