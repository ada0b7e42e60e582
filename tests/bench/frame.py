"""What the benchmarks share: interleaved pairs, medians, rows and their table."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Row:
    """One figure with what it must hold."""

    what: str
    value: float
    unit: str
    target: float | None = None  # at most
    detail: str = ""
    samples: int = 1
    held: bool = field(init=False)

    def __post_init__(self) -> None:
        self.held = self.target is None or self.value <= self.target


def timed(function: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


@dataclass
class Pair:
    """Times of a subject and its peer, taken in turn."""

    subject: list[float]
    peer: list[float]

    @property
    def ratio(self) -> float:
        """The median of the ratios pair by pair."""
        return statistics.median(a / b for a, b in zip(self.subject, self.peer, strict=True))

    @property
    def difference(self) -> float:
        """The median of the differences pair by pair, in seconds."""
        return statistics.median(a - b for a, b in zip(self.subject, self.peer, strict=True))

    def detail(self, scale: float = 1e3, unit: str = "ms") -> str:
        """Both medians with the quartiles."""

        def show(samples: list[float]) -> str:
            low, middle, high = statistics.quantiles(samples, n=4)
            return f"{middle * scale:.3g} ({low * scale:.3g}-{high * scale:.3g})"

        return f"{show(self.subject)} against {show(self.peer)} {unit}"


def interleaved(
    subject: Callable[[], object], peer: Callable[[], object], runs: int, warmup: int = 1, block: int = 1
) -> Pair:
    """Calls both in turn, each first as often as the other, and each so many times before it is the other's turn.

    After a long one a short one finds the processor's caches filled with what it has no use for.
    """
    for _ in range(warmup):
        subject()
        peer()
    pair = Pair([], [])
    for i in range(runs // block):
        turns = [(subject, pair.subject), (peer, pair.peer)]
        for call, times in turns[:: -1 if i % 2 else 1]:
            times += [timed(call) for _ in range(block)]
    return pair


def render(rows: list[Row]) -> str:
    """A table as plain text."""
    lines = []
    for row in rows:
        target = "" if row.target is None else f"at most {row.target:g}: {'held' if row.held else 'MISSED'}"
        lines.append(f"  {row.what:<62} {row.value:>10.4g} {row.unit:<6} {target:<22} {row.detail}")
    return "\n".join(lines)


@contextmanager
def private_place() -> Iterator[Path]:
    """Runtime and cache directories of one's own, in this process's environment; the daemon there is shut down."""
    with tempfile.TemporaryDirectory(prefix="mcb", ignore_cleanup_errors=True) as name:
        place = Path(name)
        saved = {key: os.environ.get(key) for key in ("MOJOCELL_RUNTIME_DIR", "MOJOCELL_CACHE_DIR")}
        os.environ["MOJOCELL_RUNTIME_DIR"] = str(place / "run")
        os.environ["MOJOCELL_CACHE_DIR"] = str(place / "cache")
        try:
            yield place
        finally:
            shut_down()
            for key, value in saved.items():
                if value is None:
                    del os.environ[key]
                else:
                    os.environ[key] = value


def shut_down() -> None:
    """Ends the daemon that this environment's clients use, and waits for its end."""
    from mojocell.core import client

    try:
        pid = client.request({"op": "info"})["pid"]
        client.request({"op": "shutdown", "now": True})
    finally:
        client.close()
    end = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.01)
