"""The Mandelbrot set: escape counts as an image, whole or smooth, in lanes of the processor's vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mojocell.patterns import _check
from mojocell.patterns._load import module

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["colors", "image", "steps"]


def steps(x: float, y: float, limit: int = 256) -> int:
    """Return how many steps a point takes to leave the circle of radius 2.

    Parameters
    ----------
    x, y : float
        The point.
    limit : int
        The steps that are made at most.

    Returns
    -------
    int
        From 1; the limit for a point that has not left.

    Raises
    ------
    TypeError, ValueError
        A coordinate is no finite number, or the limit is not from 1.

    Examples
    --------
    >>> from mojocell.patterns import mandelbrot
    >>> mandelbrot.steps(0, 0), mandelbrot.steps(0.5, 0.5), mandelbrot.steps(3, 0)
    (256, 5, 1)
    """
    made = _check.whole("limit", limit, 1)
    found: int = module("mandelbrot").steps(_check.real("x", x), _check.real("y", y), made)
    return found


def image(
    width: int = 600,
    height: int = 400,
    *,
    x: float = -0.5,
    y: float = 0.0,
    span: float = 3.0,
    limit: int = 256,
    smooth: bool = False,
) -> NDArray[np.float64]:
    """Return the steps of every point of an image.

    Parameters
    ----------
    width, height : int
        Pixels.
    x, y : float
        The point in the middle.
    span : float
        How wide the image is on the plane; below some 1e-13 neighbouring points are one number.
    limit : int
        The steps that are made at most.
    smooth : bool
        With fractions of steps, so that there are no bands: by the logarithm of the logarithm of where a
        point is when it leaves a circle of radius 256.

    Returns
    -------
    ndarray of float64, shape (height, width)
        From the top; the limit where a point has not left.

    Raises
    ------
    TypeError, ValueError
        A size is not from 1, a number is not finite, the span is not positive.

    Examples
    --------
    >>> from mojocell.patterns import mandelbrot
    >>> mandelbrot.image(9, 3, limit=9).astype(int)
    array([[3, 4, 9, 8, 9, 9, 9, 6, 3],
           [9, 9, 9, 9, 9, 9, 9, 5, 3],
           [3, 4, 9, 8, 9, 9, 9, 6, 3]])
    """
    columns, rows = _check.whole("width", width, 1, 1 << 16), _check.whole("height", height, 1, 1 << 16)
    made = _check.whole("limit", limit, 1)
    step = _check.real("span", span, above=0) / columns
    left = _check.real("x", x) - step * (columns - 1) / 2
    top = _check.real("y", y) + step * (rows - 1) / 2
    found = np.empty(rows * columns)
    module("mandelbrot").image(left, top, step, columns, made, bool(smooth), found)
    return found.reshape(rows, columns)


def colors(counts: NDArray[np.float64], limit: int = 256) -> NDArray[np.uint8]:
    """Return escape counts as colours, black where a point has not left.

    Parameters
    ----------
    counts : ndarray, shape (height, width)
        Of `image`.
    limit : int
        That they were made with.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Examples
    --------
    >>> from mojocell.patterns import mandelbrot
    >>> mandelbrot.colors(mandelbrot.image(3, 2, limit=20), 20).shape
    (2, 3, 3)
    """
    turns = 0.15 * np.sqrt(np.maximum(counts, 0))[..., None] + np.array([0.0, 0.1, 0.2]) + 0.5
    shades = 0.5 + 0.5 * np.cos(2 * np.pi * turns)
    shades[counts >= limit] = 0
    pixels: NDArray[np.uint8] = (255 * shades).astype(np.uint8)
    return pixels
