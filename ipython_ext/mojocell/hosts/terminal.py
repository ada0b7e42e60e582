"""A script, an interpreter, a shell: nothing to show but lines, and nobody else in the process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mojocell.hosts.host import Host
from mojocell.show.progress import Screen

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from mojocell.hosts.host import Error, Result, Shown
    from mojocell.show.layout import Palette
    from mojocell.show.output import Sink


class Terminal(Host):
    """The host where there is no front end."""

    def default_mode(self) -> Literal["inline", "isolated"]:
        """Inline: who crashes it is who runs it."""
        return "inline"

    def wants_gil(self, *, prints: bool) -> bool:  # noqa: ARG002  (of a protocol)
        """Tell that it has no threads of its own."""
        return False

    def keep_interrupts(self) -> None:
        """Leave signals as they are: nobody changes them here."""

    def follow(self, run: Callable[[Sink | None], Result]) -> Result:
        """Do it."""
        return run(None)

    def present(self, error: Error, shown: Shown | None = None) -> Error:  # noqa: ARG002  (of a protocol)
        """Return the error."""
        return error

    def shows_code(self) -> bool:
        """Tell that code is seen."""
        return True

    def palette(self) -> Palette:
        """Tell that nobody asked for colours; the command line decides for itself."""
        return "plain"

    def cell_of(self, source: str) -> str | None:  # noqa: ARG002  (of a protocol)
        """Tell that there are no cells."""
        return None

    def has_reader(self) -> bool:
        """Tell that somebody reads: whoever asked for HTML."""
        return True

    def reader(self) -> Callable[[str], str] | None:
        """Tell that nobody is asked: a script's programs read what they are given."""
        return None

    def element(self, widget: Any) -> Any:
        """Return the widget."""
        return widget


class TerminalScreen(Screen):
    """Standard error: a passing state in a line that is written anew and taken away, and what stays.

    Where that is no terminal, nothing can be taken away: of passing states it has the first.
    """

    def __init__(self) -> None:
        self._said = False

    def show(self, text: str) -> None:
        """Write a state into the place of the one before."""
        if sys.stderr.isatty():
            print(f"\r{text[: _width() - 1]}\x1b[K", end="", file=sys.stderr, flush=True)
        elif not self._said:
            print(text, file=sys.stderr, flush=True)
        self._said = True

    def final(self, text: str) -> None:
        """Print a line."""
        self.leave(text)
        print(text, file=sys.stderr, flush=True)

    def leave(self, text: str) -> None:  # noqa: ARG002  (of a class for others, too)
        """Take the passing state away."""
        if self._said and sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._said = False


def _width() -> int:
    import os

    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
