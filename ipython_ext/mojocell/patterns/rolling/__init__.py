"""Rolling means, deviations, extremes and standard scores of columns, as fast for long windows as for short.

Columns are an array over rows, or rows by columns. A value that is NaN or infinite is missing, as for
pandas: it is left out, and a window in which fewer than ``least`` are there gives NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mojocell.patterns import _check
from mojocell.patterns._load import module

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["maximum", "mean", "minimum", "rolling_zscore", "std", "zscore"]


def mean(values: ArrayLike, window: int, *, least: int | None = None) -> Array:
    """Return the mean of the last values, at each of them.

    Parameters
    ----------
    values : array_like of float, shape (rows,) or (rows, columns)
        The columns.
    window : int
        How many rows a window has, the current one included.
    least : int, optional
        How many of them must be there. Default: all of the window.

    Returns
    -------
    ndarray of float64
        Of the shape of the values; NaN where there are too few.

    Raises
    ------
    TypeError, ValueError
        The values are no real numbers of one or two dimensions; the window is not from 1, or ``least`` not
        from 0 to the window.

    Examples
    --------
    >>> from mojocell.patterns import rolling
    >>> rolling.mean([1, 2, 3, float("nan"), 5], 2, least=1)
    array([1. , 1.5, 2.5, 3. , 5. ])
    """
    return _moments(values, window, least, 0)[0]


def std(values: ArrayLike, window: int, *, least: int | None = None, ddof: int = 1) -> Array:
    """Return the standard deviation of the last values, at each of them.

    Parameters
    ----------
    values, window, least
        As for `mean`.
    ddof : int
        Taken from the count: 1 for the deviation of what the values are a sample of.

    Returns
    -------
    ndarray of float64
        As of `mean`; NaN too where no more than ``ddof`` values are there.

    Raises
    ------
    TypeError, ValueError
        As for `mean`; ``ddof`` is not from 0.

    Examples
    --------
    >>> from mojocell.patterns import rolling
    >>> rolling.std([1, 2, 4, 8], 3).round(3)
    array([  nan,   nan, 1.528, 3.055])
    """
    return _moments(values, window, least, ddof)[1]


def rolling_zscore(values: ArrayLike, window: int, *, least: int | None = None, ddof: int = 1) -> Array:
    """Return the distance of each value from the mean of its window, in its standard deviations.

    Parameters
    ----------
    values, window, least, ddof
        As for `std`.

    Returns
    -------
    ndarray of float64
        As of `std`; NaN too where all values of a window are one.

    Raises
    ------
    TypeError, ValueError
        As for `std`.

    Examples
    --------
    >>> from mojocell.patterns import rolling
    >>> rolling.rolling_zscore([1, 2, 4, 8], 3).round(3)
    array([  nan,   nan, 1.091, 1.091])
    """
    means, deviations = _moments(values, window, least, ddof)
    with np.errstate(all="ignore"):
        scores = (np.asarray(values, dtype=np.float64) - means) / deviations
    return np.where(np.isfinite(scores) & (deviations > 0), scores, np.nan)


def minimum(values: ArrayLike, window: int, *, least: int | None = None) -> Array:
    """Return the lowest of the last values, at each of them.

    Parameters
    ----------
    values, window, least
        As for `mean`.

    Returns
    -------
    ndarray of float64
        As of `mean`.

    Raises
    ------
    TypeError, ValueError
        As for `mean`.

    Examples
    --------
    >>> from mojocell.patterns import rolling
    >>> rolling.minimum([3, 1, 2, 4], 2)
    array([nan,  1.,  1.,  2.])
    """
    return _extremes(values, window, least, lowest=True)


def maximum(values: ArrayLike, window: int, *, least: int | None = None) -> Array:
    """Return the highest of the last values, at each of them; the rest is as for `minimum`.

    Examples
    --------
    >>> from mojocell.patterns import rolling
    >>> rolling.maximum([3, 1, 2, 4], 2)
    array([nan,  3.,  2.,  4.])
    """
    return _extremes(values, window, least, lowest=False)


def zscore(values: ArrayLike, *, ddof: int = 0) -> Array:
    """Return the distance of each value from the mean of its column, in the column's standard deviations.

    Parameters
    ----------
    values : array_like of float, shape (rows,) or (rows, columns)
        The columns.
    ddof : int
        As for `std`.

    Returns
    -------
    ndarray of float64
        Of the shape of the values; NaN where a value is missing, and all of a column whose values are one.

    Raises
    ------
    TypeError, ValueError
        As for `std`.

    Examples
    --------
    >>> from mojocell.patterns import rolling
    >>> rolling.zscore([1.0, 2.0, 3.0])
    array([-1.22474487,  0.        ,  1.22474487])
    """
    ddof = _check.whole("ddof", ddof, 0)
    rows, restore = _rows(values)
    found = np.empty_like(rows)
    module("rolling").scores_each(rows.reshape(-1), rows.shape[1], ddof, found.reshape(-1))
    return restore(found)


def _moments(values: ArrayLike, window: int, least: int | None, ddof: int) -> tuple[Array, Array]:
    width, needed = _window(window, least)
    ddof = _check.whole("ddof", ddof, 0)
    rows, restore = _rows(values)
    means, deviations = np.empty_like(rows), np.empty_like(rows)
    module("rolling").moments_each(
        rows.reshape(-1), rows.shape[1], width, needed, ddof, means.reshape(-1), deviations.reshape(-1)
    )
    return restore(means), restore(deviations)


def _extremes(values: ArrayLike, window: int, least: int | None, *, lowest: bool) -> Array:
    width, needed = _window(window, least)
    rows, restore = _rows(values)
    found = np.empty_like(rows)
    module("rolling").extremes_each(rows.reshape(-1), rows.shape[1], width, needed, lowest, found.reshape(-1))
    return restore(found)


def _window(window: int, least: int | None) -> tuple[int, int]:
    width = _check.whole("window", window, 1)
    return width, width if least is None else _check.whole("least", least, 0, width)


def _rows(values: ArrayLike) -> tuple[Array, Callable[[Array], Array]]:
    """Return the columns as rows, and what makes an array of them like the one that was given."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" or array.ndim not in (1, 2):
        kind = f"{array.ndim} dimensions" if array.dtype.kind in "fiub" else str(array.dtype)
        msg = f"values must be real numbers of one or two dimensions, not {kind}"
        raise TypeError(msg)
    rows = np.ascontiguousarray(np.atleast_2d(array.T), dtype=np.float64)
    if array.ndim == 1:
        return rows, lambda found: found[0]
    return rows, lambda found: np.ascontiguousarray(found.T)
