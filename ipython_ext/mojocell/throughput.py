"""How much data a function gets through in a second, and whether memory or arithmetic bounds that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import comparison

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MEMORY_BOUND = 2 / 3
"""The share of a copy's rate from which on a function has nothing left to gain but fewer bytes."""
LEAST = 1024
"""Fewer bytes than this are not worth a rate: the call itself takes longer than the data."""
LARGEST_COPY = 256 << 20
"""Above it, far above any cache, a copy's rate depends no more on its size; memory is not to run out."""


class Throughput(NamedTuple):
    """What a call of a function gets through.

    Attributes
    ----------
    elements : int
        Of the largest array, argument or result.
    size : int
        Bytes of all arrays that go in or come out; of one that is changed in place, twice as many.
    seconds : float
        Of the function, without the conversion of its arguments.
    copy_seconds : float
        Of a copy that reads half as many bytes and writes the other half, measured beside it.

    Examples
    --------
    >>> found = Throughput(elements=1_000_000, size=8_000_000, seconds=1e-3, copy_seconds=8e-4)
    >>> found.bound, found
    ('memory', 1 G elements/s, 8 GB/s: 80% of a copy of as many bytes (10 GB/s), bound by memory)
    """

    elements: int
    size: int
    seconds: float
    copy_seconds: float

    @property
    def elements_per_second(self) -> float:
        """Elements of the largest array, a second."""
        return self.elements / self.seconds

    @property
    def bytes_per_second(self) -> float:
        """Bytes read and written, a second."""
        return self.size / self.seconds

    @property
    def copy_bytes_per_second(self) -> float:
        """The same of the copy."""
        return self.size / self.copy_seconds

    @property
    def bound(self) -> str:
        """``"memory"`` where it is nearly as fast as the copy, else ``"arithmetic"``."""
        return "memory" if self.copy_seconds >= MEMORY_BOUND * self.seconds else "arithmetic"

    def __repr__(self) -> str:
        return (
            f"{_rate(self.elements_per_second, ' elements')}, {_rate(self.bytes_per_second, 'B')}: "
            f"{self.copy_seconds / self.seconds:.0%} of a copy of as many bytes "
            f"({_rate(self.copy_bytes_per_second, 'B')}), bound by {self.bound}"
        )


def measure(
    arguments: Iterable[Any], changed: Sequence[Any], result: Any, seconds: float, rounds: int
) -> Throughput | None:
    """Return what a call got through; None where there is no data to speak of.

    Parameters
    ----------
    arguments : iterable
        Of the call.
    changed : sequence
        Those of them that it may write to.
    result : object
        What it returned.
    seconds : float
        How long it took.
    rounds : int
        How often the copy is measured.

    Examples
    --------
    >>> measure([bytes(8), 1], [], 2.0, 1e-9, rounds=1) is None
    True
    """
    results = result if isinstance(result, tuple) else (result,)
    arrays = [*arguments, *results]
    size = sum(map(_bytes, [*arrays, *changed]))
    if size < LEAST or seconds <= 0:
        return None
    # What is changed is a fresh copy in each call, which no cache has: so then are the copy's buffers.
    copy_seconds = _copy_seconds(size, rounds, anew=bool(changed))
    return Throughput(max(map(_elements, arrays)), size, seconds, copy_seconds)


def _copy_seconds(size: int, rounds: int, *, anew: bool) -> float:
    half = min(size, LARGEST_COPY) // 2

    def buffers() -> tuple[memoryview, bytes]:
        return memoryview(bytearray(b"\1") * half), b"\2" * half

    times = comparison.alone(_copy, buffers, rounds, anew=anew)
    return times.median * size / (2 * half)


def _copy(target: memoryview, source: bytes) -> None:
    target[:] = source


def _bytes(value: Any) -> int:
    """Return the bytes of an array, as NumPy, pandas, torch, Arrow and the buffer protocol tell."""
    found = getattr(value, "nbytes", None)
    if isinstance(found, int):
        return found
    if hasattr(value, "estimated_size"):  # polars
        return int(value.estimated_size())
    try:
        return memoryview(value).nbytes
    except TypeError:
        return 0


def _elements(value: Any) -> int:
    if not _bytes(value):
        return 0
    found = getattr(value, "size", None)
    return found if isinstance(found, int) else len(value)


def _rate(value: float, unit: str) -> str:
    """Return a number a second in three digits, with the prefix of its unit."""
    for prefix, factor in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}{unit}/s"
    return f"{value:.3g}{unit if unit.startswith(' ') else f' {unit}'}/s"
