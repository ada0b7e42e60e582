"""What a program prints, on its way to a reader: all of it, or the beginning and the end."""

from __future__ import annotations

import codecs
import sys
from collections import deque
from typing import TYPE_CHECKING, Any, TextIO

from mojocell.show.words import plural, size

if TYPE_CHECKING:
    from collections.abc import Callable


#: How often a cell's output may turn to the other stream in a kernel. Each time is a message, and a
#: notebook server throws messages away that are more than 1,000 a second.
TURNS = 1000


class Sink:
    """What follows a run while it goes on; this one is not interested.

    Attributes
    ----------
    reader : callable or None
        Asks who follows it a question, and returns the line that is the answer; EOFError where there is none.
    """

    reader: Callable[[str], str] | None = None

    def event(self, name: str, header: dict[str, Any]) -> None:
        """Take note of an event other than output."""

    def output(self, stream: str, data: bytes) -> None:
        """Take a piece of ``"stdout"`` or ``"stderr"``."""

    def quiet(self) -> None:
        """Show what is due, about every 50 ms."""

    def ended(self, error: Exception | None) -> None:
        """Take note of how it ended."""


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
            what += f" in {plural(self._lines, 'line')}"
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


#: How Mojo begins to print what left `main`, on standard error.
RAISED = "Unhandled exception caught during execution: "


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
        self._last_words = ""
        self._turns = 0
        self._is_mixed = False

    #: Whether who is shown the output is shown the error as well.
    shows_errors = False

    def output(self, stream: str, data: bytes) -> None:
        """Decode a piece and write what the limit allows."""
        text = self._decoders[stream].decode(data)
        if self.shows_errors and stream == "stderr":
            text = self._last_words + text
            at = text.find(RAISED)
            text, self._last_words = (text[:at], text[at:]) if at >= 0 else (text, "")
        self._pass(stream, text)

    def ended(self, error: Exception | None) -> None:
        """Leave out what left `main`, which the error says."""
        if getattr(error, "code", "") == "raised":
            self._last_words = ""

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
        if stream != self._current and self._current:
            self._turn(getattr(sys, stream))
        self._current = stream
        file: TextIO = sys.stdout if self._is_mixed else getattr(sys, stream)
        try:
            file.write(text)
        except UnicodeEncodeError:
            encoding = file.encoding or "ascii"
            file.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def _turn(self, file: TextIO) -> None:
        """Keep the order of the two streams, which have buffers of their own."""
        if self._is_mixed:
            return
        getattr(sys, self._current).flush()
        if not hasattr(file, "pub_thread"):  # of no kernel: it costs no message
            return
        self._turns += 1
        if self._turns > TURNS:
            self._is_mixed = True
            file.flush()
            sys.stdout.write("… from here on standard error stands among standard output …\n")

    def close(self) -> None:
        """Write what was kept back."""
        self._pass("stderr", self._last_words)
        for stream, decoder in self._decoders.items():
            self._pass(stream, decoder.decode(b"", final=True))
            if stream in self._limiters:
                self._write(stream, self._limiters[stream].finish(stream))
        for stream in self._decoders:
            getattr(sys, stream).flush()
