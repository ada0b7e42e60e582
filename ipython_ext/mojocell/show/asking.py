"""A program that reads standard input: who sits in front is asked, line by line."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from mojocell.show.output import Sink

if TYPE_CHECKING:
    from collections.abc import Callable

#: The most bytes of a line without its end that are held back as a question.
QUESTION = 1000

_one_question = threading.Lock()


class Asking(Sink):
    r"""Passes a program's output on, and asks for what it reads.

    The line of standard output that is not at its end yet is the question: it is held back for a moment, so
    that it stands beside the place for the answer and not above it as well.

    Parameters
    ----------
    sink : Sink
        Where the output goes.
    reader : callable
        Asks a question and returns the line, without its end; EOFError where there is none.

    Examples
    --------
    >>> asking = Asking(Sink(), lambda question: f"an answer to {question!r}")
    >>> asking.output("stdout", b"hello\nname? ")
    >>> asking.answer()
    b"an answer to 'name? '\n"
    """

    def __init__(self, sink: Sink, reader: Callable[[str], str]) -> None:
        self._sink = sink
        self._reader = reader
        self._held = b""
        self._is_due = False

    def event(self, name: str, header: dict[str, Any]) -> None:
        """Pass it on."""
        self._sink.event(name, header)

    def output(self, stream: str, data: bytes) -> None:
        """Pass on what has its end."""
        if stream == "stdout":
            data = self._held + data
            ended = data.rfind(b"\n") + 1
            ended = ended if len(data) - ended <= QUESTION else len(data)
            data, self._held = data[:ended], data[ended:]
            self._is_due = False
        else:
            self.let_go()
        if data:
            self._sink.output(stream, data)

    def quiet(self) -> None:
        """Pass on a line that has waited for its end since the time before."""
        if self._is_due:
            self.let_go()
        self._is_due = True
        self._sink.quiet()

    def let_go(self) -> None:
        """Pass on what was held back."""
        held, self._held = self._held, b""
        if held:
            self._sink.output("stdout", held)

    def ended(self, error: Exception | None) -> None:
        """Pass it on."""
        self.let_go()
        self._sink.ended(error)

    def answer(self) -> bytes:
        """Ask, and return the line with its end; nothing at the end of the input."""
        question, self._held = self._held.decode("utf-8", "replace"), b""
        try:
            with _one_question:
                line = self._reader(question)
        except EOFError:
            return b""
        return f"{line}\n".encode("utf-8", "surrogateescape")
