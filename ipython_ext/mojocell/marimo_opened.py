"""What marimo enters when the kernel of a notebook begins: what the notebook calls for is compiled ahead.

marimo finds it as an entry point of the package (``marimo.kernel.lifespan``); one that knows no such thing
does not look for it. Whatever goes wrong here, the notebook opens.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mojocell import hosts, settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mojocell.cells.ahead import Stop


@contextlib.asynccontextmanager
async def opened(_app: object) -> AsyncIterator[None]:
    """Compile the calls of the notebook that is edited in this process, as long as it is open."""
    stop = None
    with contextlib.suppress(Exception):  # of a marimo of another time
        stop = _begin()
    yield
    if stop is not None:
        stop.set()


def _begin() -> Stop | None:
    path = hosts.edited_file() if settings.value_of("prefetch") else None
    if path is None:
        return None
    from mojocell.cells import ahead

    stop = ahead.Stop()
    ahead.in_background(lambda: _compile(path, stop))
    return stop


def _compile(path: str, stop: Stop) -> None:
    from mojocell.cells import ahead, prefetch

    book = prefetch.read(path)
    ahead.compile_all(
        [book], urgency="prefetch", most=ahead.processors(), stop=stop, follow=lambda _done, _left: None
    )
