"""What a reader sees beside errors: output under a limit, progress, the line of times, repairs."""

from __future__ import annotations

import codecs
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, TextIO

from mojocell import render, settings
from mojocell._job import Sink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mojocell.module import MojoModule
    from mojocell.result import Repair, RunResult

    Bundle = dict[str, str]

#: Seconds of compiling before anything is said about it.
PATIENCE = 0.3
#: Seconds between two updates of the progress display: well under a notebook server's message limit.
BEAT = 0.25


# --- words ------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """Return a duration as people say it.

    Examples
    --------
    >>> [duration(s) for s in (0.00004, 0.0012, 0.35, 2.41, 75)]
    ['40 µs', '1.2 ms', '350 ms', '2.4 s', '1 min 15 s']
    """
    if seconds < 0.9995e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.9995:
        milliseconds = seconds * 1e3
        return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return f"{int(seconds + 0.5) // 60} min {int(seconds + 0.5) % 60} s"


def size(count: int) -> str:
    """Return a number of bytes or characters as people say it, without the unit.

    Examples
    --------
    >>> [size(n) for n in (900, 16_400_000)]
    ['900', '16.4 million']
    """
    return f"{count / 1e6:.1f} million" if count >= 1_000_000 else f"{count:,}"


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
    >>> from mojocell.result import RunResult
    >>> status(RunResult({"cache": "hit", "returncode": 0, "times": {"run": 0.0012}}))
    'cache hit · ran in 1.2 ms'
    """
    times = result.times
    code = result.error.code if result.error is not None else ""
    if code in ("compile_failed", "invalid_cell"):
        return f"not compiled · {duration(times['total'])}" if times.get("total") else "not compiled"
    compiled = times.get("compile", 0.0)
    if result.cache == "hit":
        parts = ["cache hit"]
    elif result.cache == "joined":
        parts = [f"joined another compilation, {duration(compiled)}"]
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


def repairs(items: Iterable[Repair], version: str = "", *, fixable: bool = True) -> str:
    """Return the one line that says which repairs were made to an older source.

    Examples
    --------
    >>> from mojocell.result import Repair
    >>> repairs([Repair(2, "", "fn f():", "def f():"), Repair(9, "", "fn g():", "def g():")], "1.2.0")
    '2 repairs for Mojo 1.2: `fn` → `def` (lines 2, 9); %mojo_fix puts them into the cell'
    """
    items = list(items)
    lines: dict[str, list[int]] = {}
    for item in items:
        lines.setdefault(_change(item), []).extend([item.line] if item.line else [])
    parts = []
    for what, where in lines.items():
        numbers = ", ".join(str(n) for n in dict.fromkeys(where))
        noun = "line" if len(set(where)) == 1 else "lines"
        parts.append(f"{what} ({noun} {numbers})" if where else what)
    release = ".".join(version.split(".")[:2])
    mojo = f"Mojo {release}" if release else "this Mojo"
    text = f"{render.plural(len(items), 'repair')} for {mojo}: {', '.join(parts)}"
    return f"{text}; %mojo_fix puts them into the cell" if fixable else text


def _change(item: Repair) -> str:
    """Say one repair in a few words: those in which the line before and after differ."""
    old, new = item.before.split(), item.after.split()
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    before, after = _clip(" ".join(old)), _clip(" ".join(new))
    if not before and not after:
        return _clip(item.message)
    if not before:
        return f"`{after}` added"
    return f"`{before}` → `{after}`" if after else f"`{before}` removed"


def _clip(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


# --- output -----------------------------------------------------------------------------------


class Limiter:
    """Lets the beginning and the end of a text through and leaves out the middle.

    What is shown depends on the text alone, not on the pieces it comes in.

    Parameters
    ----------
    head : int
        Characters that pass as they come.
    tail : int
        Characters that are kept back and shown at the end.

    Examples
    --------
    >>> limiter = Limiter(head=4, tail=3)
    >>> limiter.feed("abcdefghij"), limiter.left_out
    ('abcd', 3)
    >>> print(limiter.finish())
    <BLANKLINE>
    … 3 characters left out here; all of the output: %%mojo --out NAME, or RunResult.stdout …
    hij
    """

    def __init__(self, head: int, tail: int) -> None:
        self._room = head
        self._tail = tail
        self._kept: deque[str] = deque()
        self._length = 0
        self._last = "\n"
        self.left_out = 0
        self._lines = 0

    def feed(self, text: str) -> str:
        """Take a piece; return what of it is to be shown now."""
        shown, rest = text[: self._room], text[self._room :]
        self._room -= len(shown)
        if shown:
            self._last = shown[-1]
        if rest:
            self._keep(rest)
        return shown

    def _keep(self, text: str) -> None:
        self._kept.append(text)
        self._length += len(text)
        while self._length > self._tail:
            first = self._kept.popleft()
            surplus = self._length - self._tail
            if surplus < len(first):
                self._kept.appendleft(first[surplus:])
                first = first[:surplus]
            self._length -= len(first)
            self.left_out += len(first)
            self._lines += first.count("\n")

    def finish(self, stream: str = "stdout") -> str:
        """Return what is to be shown at the end."""
        tail = "".join(self._kept)
        self._kept.clear()
        if not self.left_out:
            return tail
        tail = self._whole_lines(tail)
        what = f"{size(self.left_out)} characters"
        if self._lines:
            what += f" in {render.plural(self._lines, 'line')}"
        how = (
            "%%mojo --out NAME, or RunResult.stdout"
            if stream == "stdout"
            else "%%mojo --result NAME, NAME.stderr"
        )
        start = "" if self._last == "\n" else "\n"
        return f"{start}… {what} left out here; all of the output: {how} …\n{tail}"

    def _whole_lines(self, tail: str) -> str:
        """Drop the broken line that a tail starts with, where others follow soon."""
        cut = tail.find("\n") + 1
        if not 0 < cut <= len(tail) // 2:
            return tail
        self.left_out += cut
        self._lines += 1
        return tail[cut:]


class Echo(Sink):
    """Writes a program's output to Python's streams as it comes.

    Parameters
    ----------
    limit : int or None
        Characters of each stream that are shown; None shows all.
    on_held : callable or None
        Called with the number of characters left out so far, when there are more.
    """

    def __init__(self, limit: int | None = None, on_held: Callable[[int], object] | None = None) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {name: decoder("replace") for name in ("stdout", "stderr")}
        self._limiters = (
            {name: Limiter(limit - limit // 5, limit // 5) for name in self._decoders}
            if limit is not None
            else {}
        )
        self._on_held = on_held
        self._current = ""
        self._switched = 0.0

    def output(self, stream: str, data: bytes) -> None:
        """Decode a piece and write what the limit allows."""
        self._pass(stream, self._decoders[stream].decode(data))

    def _pass(self, stream: str, text: str) -> None:
        limiter = self._limiters.get(stream)
        if limiter is not None:
            text = limiter.feed(text)
            if limiter.left_out and self._on_held is not None:
                self._on_held(limiter.left_out)
        self._write(stream, text)

    def _write(self, stream: str, text: str) -> None:
        if not text:
            return
        file: TextIO = getattr(sys, stream)
        if stream != self._current and self._current:
            # Keeps the order of the two streams, but not at the price of a message a line.
            now = time.monotonic()
            if now - self._switched > 0.05:
                getattr(sys, self._current).flush()
                self._switched = now
        self._current = stream
        try:
            file.write(text)
        except UnicodeEncodeError:
            encoding = file.encoding or "ascii"
            file.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def close(self) -> None:
        """Write what was kept back."""
        for stream, decoder in self._decoders.items():
            self._pass(stream, decoder.decode(b"", final=True))
            if stream in self._limiters:
                self._write(stream, self._limiters[stream].finish(stream))
        for stream in self._decoders:
            getattr(sys, stream).flush()


# --- progress and status ----------------------------------------------------------------------


class Screen:
    """Where progress and the line of times go; this one shows nothing."""

    def show(self, text: str) -> None:
        """Show a passing state."""

    def final(self, text: str) -> None:
        """Show what stays."""

    def leave(self, text: str) -> None:
        """Put this in the place of a passing state, where one is shown."""


class NotebookScreen(Screen):
    """One display of a notebook that is updated; what others displayed is never cleared."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str) -> None:
        """Create the display or update it."""
        from IPython.display import display

        data = bundle(text, dim=True)
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)

    final = show

    def leave(self, text: str) -> None:
        """Update the display, where there is one."""
        if self._handle is not None:
            self.show(text)


class TerminalScreen(Screen):
    """Lines on stderr: the first passing state, and what stays."""

    def __init__(self) -> None:
        self._said = False

    def show(self, text: str) -> None:
        """Print the first state."""
        if not self._said:
            self._said = True
            self.final(text)

    def final(self, text: str) -> None:
        """Print a line."""
        print(text, file=sys.stderr, flush=True)


class Progress:
    """Says that a compilation goes on, when it does so for more than a moment.

    Parameters
    ----------
    screen : Screen
        Where to say it.
    first : bool
        The machine has compiled nothing yet: say what to expect.
    """

    def __init__(self, screen: Screen, *, first: bool = False) -> None:
        self._screen = screen
        self._first = first
        self._text = ""
        self._start = 0.0
        self._next = 0.0
        self._held = 0.0

    def begin(self, cause: str = "new") -> None:
        """Start to wait; called again for another round of the same compilation."""
        words = {
            "queued": "waiting for other compilations",
            "joined": "waiting for the same compilation, started elsewhere",
            "modernized": "compiling the repaired cell",
            "lowered": "compiling without optimization, because the compiler crashed",
        }
        if not self._text:
            self._start = time.monotonic()
            self._next = self._start + PATIENCE
        self._text = words.get(cause, "compiling")

    def tick(self) -> None:
        """Say for how long, where that is due."""
        now = time.monotonic()
        if self._text and now >= self._next:
            self._next = now + BEAT
            hint = (
                " (takes about 3 s; the same cell comes from the cache from then on)" if self._first else ""
            )
            self._screen.show(f"{self._text} … {now - self._start:.1f} s{hint}")

    def end(self, *, running: bool = False) -> None:
        """Stop saying it; `running` is whether the program is under way now."""
        if self._text and running:
            self._screen.leave(f"compiled in {duration(time.monotonic() - self._start)} · running")
        self._text = ""

    def held(self, count: int) -> None:
        """Say that there is more output than is shown, a few times a second at most."""
        now = time.monotonic()
        if now - self._held > 2 * BEAT:
            self._held = now
            self._screen.show(
                f"running … {size(count)} characters of output not shown; the last ones come at the end"
            )


class CellSink(Echo):
    """Follows one cell: output under the limit, progress, the line of times."""

    def __init__(self, screen: Screen, limit: int | None, *, first: bool = False) -> None:
        self.screen = screen
        self.progress = Progress(screen, first=first)
        super().__init__(limit, self.progress.held)

    def event(self, name: str, header: dict[str, Any]) -> None:
        """Turn the daemon's events into progress."""
        if name == "compiling":
            self.progress.begin(str(header.get("cause") or "new"))
        elif name == "queued":
            self.progress.begin("queued")
        elif name == "compiled":
            self.progress.end(running=True)

    def quiet(self) -> None:
        """Say how long the wait is."""
        self.progress.tick()

    def close(self) -> None:
        """End progress and write what was kept back."""
        self.progress.end()
        super().close()


# --- rich display -----------------------------------------------------------------------------


def bundle(text: str, *, dim: bool = False) -> Bundle:
    """Return text as a MIME bundle, the HTML saying the same."""
    style = "font-size:.85em;opacity:.75" if dim else ""
    return {
        "text/plain": text,
        "text/html": f'<div class="mojocell" style="{style}">{render.escape(text)}</div>',
    }


def result_html(result: RunResult) -> str:
    """Return a result as HTML: output, warnings, error, times."""
    pieces = [_pre(result.stdout), _pre(result.stderr, "border-left:3px solid #c62828;padding-left:.5em")]
    pieces.append(_warnings_html(result))
    if result.error is not None:
        pieces.append(result.error._repr_html_())
    return "".join(pieces) + _status_html(result)


def _warnings_html(result: RunResult) -> str:
    if not result.warnings:
        return ""
    return render.html(render.diagnostics(result.warnings, source=result.source, name=result.name))


def _pre(text: str, style: str = "", limit: int = 100_000) -> str:
    if not text:
        return ""
    limiter = Limiter(limit - limit // 5, limit // 5)
    shown = limiter.feed(text)
    shown += limiter.finish()
    return f'<pre class="mojocell" style="margin:0;white-space:pre-wrap;{style}">{render.escape(shown)}</pre>'


def module_text(module: MojoModule) -> str:
    """Return what a cell of definitions has, as text."""
    lines = [f"compiled {render.plural(len(module.functions), 'function')}"]
    lines += [f"  {line}" for signature in module.functions.values() for line in signature.split("\n")]
    lines += [f"  skipped {name}: {reason}" for name, reason in module.skipped.items()]
    return "\n".join(lines)


def module_html(module: MojoModule) -> str:
    """Return a module as HTML: the output where it ran, its functions, times."""
    if module.result is not None:
        return result_html(module.result)
    return _pre(module_text(module)) + _warnings_html(module.compiled) + _status_html(module.compiled)


def _status_html(result: RunResult) -> str:
    """Return the line of times, nothing where nobody reads it: a saved notebook would change with it."""
    wish = settings.get("status")
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if wish == "never" or (wish == "auto" and unattended(shell)):
        return ""
    return bundle(status(result), dim=True)["text/html"]


def unattended(shell: Any) -> bool:
    """Tell whether a notebook is executed with nobody there to read along.

    nbclient, and so papermill, ``nbconvert --execute`` and ``jupyter execute``, send every request
    with ``allow_stdin`` false, because nobody could answer; front ends with a reader send true.
    """
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if get_parent is not None else getattr(shell, "parent_header", None)
    content = parent.get("content") if isinstance(parent, dict) else None
    return isinstance(content, dict) and content.get("allow_stdin") is False
