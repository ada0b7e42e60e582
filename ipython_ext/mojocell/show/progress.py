"""How a cell goes on: that it compiles, that it runs, that more is printed than is shown."""

from __future__ import annotations

import time
from typing import Any

from mojocell.show.output import Echo
from mojocell.show.words import duration, size

#: Seconds of compiling before anything is said about it.
PATIENCE = 0.3
#: Seconds between two updates of the progress display: well under a notebook server's message limit.
BEAT = 0.25


class Screen:
    """Where progress and the line of times go; this one shows nothing."""

    def reserve(self) -> None:
        """Take the place where all of this stands, before anything else is shown."""

    def show(self, text: str) -> None:
        """Show a passing state."""

    def final(self, text: str) -> None:
        """Show what stays."""

    def leave(self, text: str) -> None:
        """Put this in the place of a passing state, where one is shown."""


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
            "joined": "waiting for a compilation that has begun",
            "modernized": "compiling the repaired cell",
            "lowered": "compiling without optimization, because the compiler crashed",
        }
        if not self._text:
            self._start = time.monotonic()
            self._next = self._start + PATIENCE
        self._text = words.get(cause, "compiling")

    def event(self, name: str, header: dict[str, Any]) -> None:
        """Follow the daemon's events."""
        if name == "compiling":
            self.begin(str(header.get("cause") or "new"))
        elif name == "queued":
            self.begin("queued")
        elif name == "compiled":
            self.end(running=True)

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

    shows_errors = True

    def __init__(self, screen: Screen, limit: int | None, *, first: bool = False) -> None:
        self.screen = screen
        self.progress = Progress(screen, first=first)
        super().__init__(limit, self.progress.held)

    def event(self, name: str, header: dict[str, Any]) -> None:
        """Turn the daemon's events into progress."""
        self.progress.event(name, header)

    def quiet(self) -> None:
        """Say how long the wait is."""
        self.progress.tick()

    def _write(self, stream: str, text: str) -> None:
        if text:
            self.screen.reserve()
        super()._write(stream, text)

    def close(self) -> None:
        """End progress and write what was kept back."""
        self.progress.end()
        super().close()
