"""What a host is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, TypeVar

    from mojocell.show.layout import Palette
    from mojocell.show.output import Sink

    Error = TypeVar("Error", bound=BaseException)
    Result = TypeVar("Result")


class Shown(Protocol):
    """What is shown with an error: the result that it belongs to."""

    source: str

    def _repr_html_(self) -> str: ...


class Host(Protocol):
    """What this process runs in."""

    def default_mode(self) -> Literal["inline", "isolated"]:
        """Return how functions are called where nobody says it: isolated where one process serves many."""
        ...

    def wants_gil(self, *, prints: bool) -> bool:
        """Tell whether its own threads must run during a call; ``prints`` is whether the function may."""
        ...

    def keep_interrupts(self) -> None:
        """Let Ctrl-C reach inline calls from now on, whatever the host does with signals."""
        ...

    def follow(self, run: Callable[[Sink | None], Result]) -> Result:
        """Do what a cell asks for, and show how it goes on where that is the host's to show."""
        ...

    def present(self, error: Error, shown: Shown | None = None) -> Error:
        """Return an error as the one to raise here, so that it is seen where it happens."""
        ...

    def shows_code(self) -> bool:
        """Tell whether who sees what a cell shows sees its code beside it."""
        ...

    def palette(self) -> Palette:
        """Return how text of errors stands out."""
        ...

    def cell_of(self, source: str) -> str | None:
        """Return what a reader calls the cell that says a source; None where that is not known."""
        ...

    def has_reader(self) -> bool:
        """Tell whether somebody reads along while cells run."""
        ...

    def reader(self) -> Callable[[str], str] | None:
        """Return what asks who sits in front for a line of a program's input, where somebody can be asked."""
        ...

    def element(self, widget: Any) -> Any:
        """Return a widget as other cells can use its value."""
        ...
