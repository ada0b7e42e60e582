"""Rolling windows with NumPy: functions of the names and arguments that ``rolling.mojo`` has.

Every window is looked at as a whole, through a view that costs nothing to make.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def _windows(values: Array, length: int, window: int) -> Array:
    """Return the windows that end at each value, what is before the first one missing."""
    series = np.where(np.isfinite(values), values, np.nan).reshape(-1, length)
    padded = np.concatenate([np.full((len(series), window - 1), np.nan), series], axis=1)
    return np.lib.stride_tricks.sliding_window_view(padded, window, axis=1)


def moments_each(
    values: Array, length: int, window: int, least: int, ddof: int, means: Array, deviations: Array
) -> None:
    """Write mean and standard deviation of every window, of series of one length, one after the other."""
    windows = _windows(values, length, window)
    counts = np.isfinite(windows).sum(axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of windows without a value
        means[:] = np.where(counts >= max(least, 1), np.nanmean(windows, axis=2), np.nan).reshape(-1)
        found = np.nanstd(windows, axis=2, ddof=ddof)
    deviations[:] = np.where((counts >= least) & (counts > ddof), found, np.nan).reshape(-1)


def extremes_each(values: Array, length: int, window: int, least: int, lowest: bool, found: Array) -> None:
    """Write the lowest or the highest of every window, of series of one length, one after the other."""
    windows = _windows(values, length, window)
    counts = np.isfinite(windows).sum(axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        most = np.nanmin(windows, axis=2) if lowest else np.nanmax(windows, axis=2)
    found[:] = np.where(counts >= max(least, 1), most, np.nan).reshape(-1)


def scores_each(values: Array, length: int, ddof: int, found: Array) -> None:
    """Write the distance of every value from the mean in standard deviations, of series of one length."""
    series = np.where(np.isfinite(values), values, np.nan).reshape(-1, length)
    counts = np.isfinite(series).sum(axis=1, keepdims=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        mean = np.nanmean(series, axis=1, keepdims=True)
        deviation = np.nanstd(series, axis=1, ddof=ddof, keepdims=True)
        scores = (series - mean) / deviation
    found[:] = np.where((counts > ddof) & (deviation > 0), scores, np.nan).reshape(-1)
