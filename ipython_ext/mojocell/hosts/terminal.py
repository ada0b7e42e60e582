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

    def has_colors(self) -> bool:
        """Tell that nobody asked for colours; the command line decides for itself."""
        return False

    def has_reader(self) -> bool:
        """Tell that somebody reads: whoever asked for HTML."""
        return True

    def element(self, widget: Any) -> Any:
        """Return the widget."""
        return widget


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
