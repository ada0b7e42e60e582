"""What a run gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.diagnostics import Diagnostic, from_wire
from mojocell.errors import MojoError, from_failure

if TYPE_CHECKING:
    from collections.abc import Mapping


class Repair(NamedTuple):
    """One repair that was made to an older source before it was compiled.

    Attributes
    ----------
    line : int or None
        The line of the cell, from 1.
    message : str
        What the compiler had said.
    before, after : str
        The text replaced and the text put there.
    """

    line: int | None
    message: str
    before: str
    after: str


class RunResult:
    r"""A Mojo program that ran, and how.

    Attributes
    ----------
    stdout, stderr : str
        All that the program printed. Bytes that are not UTF-8 are replaced.
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
        *,
        stdout: bytes = b"",
        stderr: bytes = b"",
        source: str = "",
        name: str = "cell",
    ) -> None:
        self.stdout = stdout.decode("utf-8", "replace")
        self.stderr = stderr.decode("utf-8", "replace")
        self.returncode: int | None = wire.get("returncode")
        self.signal: int | None = wire.get("signal")
        self.cache: str = wire.get("cache") or "miss"
        self.compiler_cache: bool = bool(wire.get("compiler_cache"))
        self.times: dict[str, float] = dict(wire.get("times") or {})
        self.usage: dict[str, float] = dict(wire.get("usage") or {})
        self.diagnostics: tuple[Diagnostic, ...] = from_wire(wire.get("diagnostics"))
        self.kind: str = wire.get("kind") or "program"
        self.modernized: tuple[Repair, ...] = tuple(_repair(item) for item in wire.get("modernized") or ())
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
        self.used: dict[str, str] = dict(wire.get("used") or {})
        self.run: dict[str, Any] = dict(wire.get("run") or {})
        self.runtime: dict[str, Any] = dict(wire.get("runtime") or {})
        self.error: MojoError | None = None
        if wire.get("ok") is False:
            self.error = from_failure(wire.get("failure") or {}, self)

    @property
    def ok(self) -> bool:
        """True where it compiled and, if there was anything to run, ended with status 0."""
        return self.error is None

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
        from mojocell import display

        return display.result_html(self)

    def _mime_(self) -> tuple[str, str]:
        """Show it in marimo."""
        return "text/html", self._repr_html_()


def _repair(item: Mapping[str, Any]) -> Repair:
    return Repair(
        item.get("line"), str(item.get("message") or ""), item.get("before") or "", item.get("after") or ""
    )


def _short(text: str, limit: int = 60) -> str:
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}… ({len(text)} characters)"
