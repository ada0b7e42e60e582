"""The Mandelbrot set with NumPy: functions of the names and arguments that ``mandelbrot.mojo`` has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RADIUS, FAR = 2.0, 256.0


def steps(x: float, y: float, limit: int) -> int:
    """Return how many steps one point takes to leave the circle of radius 2; the limit where it does not."""
    a = b = 0.0
    for i in range(limit):
        aa, bb = a * a, b * b
        if aa + bb > RADIUS * RADIUS:
            return i
        a, b = aa - bb + x, 2 * a * b + y
    return limit


def image(left: float, top: float, step: float, width: int, limit: int, smooth: bool, found: Array) -> None:
    """Write the steps of every point of an image; only points that are still inside are gone on with."""
    radius = FAR if smooth else RADIUS
    height = found.size // width
    x = np.tile(left + np.arange(width) * step, height)
    y = np.repeat(top - np.arange(height) * step, width)
    counts = np.zeros(found.size)
    last = np.zeros(found.size)
    at = np.arange(found.size)
    a, b = np.zeros(found.size), np.zeros(found.size)
    for _ in range(limit):
        aa, bb = a * a, b * b
        inside = aa + bb <= radius * radius
        if not inside.all():
            at, a, b, aa, bb = at[inside], a[inside], b[inside], aa[inside], bb[inside]
            x, y = x[inside], y[inside]
            if not at.size:
                break
        counts[at] += 1
        a, b = aa - bb + x, 2 * a * b + y
        last[at] = a * a + b * b
    if smooth:
        gone = counts < limit
        fraction = 1 - np.log2(np.log2(np.maximum(last, 4.0)) / np.log2(radius * radius))
        counts = np.where(gone, counts + fraction, counts)
    found[:] = counts
