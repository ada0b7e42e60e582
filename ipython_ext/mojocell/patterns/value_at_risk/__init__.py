"""Value at risk and expected shortfall of returns: historical, and parametric of a normal distribution.

Returns are an array over periods, or periods by assets. The results are losses: positive where money is lost.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mojocell.patterns._load import module

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mojocell._bridge import Function

    Array = NDArray[np.float64]

__all__ = ["Risk", "historical", "parametric"]


class Risk(NamedTuple):
    """What may be lost; numbers, or arrays over levels of confidence, assets or portfolios.

    Attributes
    ----------
    value_at_risk : float or ndarray
        The loss that is not exceeded with the confidence.
    expected_shortfall : float or ndarray
        The mean of the losses beyond: of the worst ``1 - confidence`` of all.
    """

    value_at_risk: Any
    expected_shortfall: Any


def historical(
    returns: ArrayLike, confidence: ArrayLike = 0.95, *, weights: ArrayLike | None = None, nan: str = "raise"
) -> Risk:
    """Return value at risk and expected shortfall of what has happened.

    Parameters
    ----------
    returns : array_like of float, shape (periods,) or (periods, assets)
        A share each, 0.01 for one percent.
    confidence : array_like of float
        Between 0 and 1, both excluded; one or several levels.
    weights : array_like of float, shape (assets,) or (portfolios, assets), optional
        What a portfolio, or each of several, holds of the assets. Without weights each asset is on its own.
    nan : {"raise", "omit"}
        What to do about NaN: refuse it, or leave the period out, for each asset or portfolio by itself.

    Returns
    -------
    Risk
        Of shape ``confidence.shape`` for one series, with another axis over assets or portfolios.

    Raises
    ------
    TypeError, ValueError
        The shapes do not go together; there is no return, NaN (unless left out) or an infinite one; a
        confidence is not between 0 and 1.

    Notes
    -----
    The value at risk is NumPy's quantile (linear between two returns). The expected shortfall is that of
    C. Acerbi and D. Tasche, *On the coherence of expected shortfall*, Journal of Banking and Finance 26
    (2002): the mean of the worst returns, of the last of them the part that completes the share.

    Examples
    --------
    >>> from mojocell.patterns import value_at_risk
    >>> value_at_risk.historical([-0.04, 0.01, 0.02, -0.01, 0.03], 0.8)
    Risk(value_at_risk=0.016..., expected_shortfall=0.04...)
    """
    return _measured("historical", returns, confidence, weights, nan, least=1)


def parametric(
    returns: ArrayLike, confidence: ArrayLike = 0.95, *, weights: ArrayLike | None = None, nan: str = "raise"
) -> Risk:
    """Return value at risk and expected shortfall of a normal distribution like that of the returns.

    Parameters
    ----------
    returns, confidence, weights, nan
        As for `historical`.

    Returns
    -------
    Risk
        As of `historical`.

    Raises
    ------
    TypeError, ValueError
        As for `historical`; one return has no deviation.

    Examples
    --------
    >>> from mojocell.patterns import value_at_risk
    >>> found = value_at_risk.parametric([-0.04, 0.01, 0.02, -0.01, 0.03], [0.95, 0.99])
    >>> found.value_at_risk.round(4), found.expected_shortfall.round(4)
    (array([0.0436, 0.0626]), array([0.0552, 0.072 ]))
    """
    return _measured("parametric", returns, confidence, weights, nan, least=2)


def _measured(
    name: str, returns: ArrayLike, confidence: ArrayLike, weights: ArrayLike | None, nan: str, *, least: int
) -> Risk:
    """Return the risk by the function of that name, or by its twin for several series and levels."""
    if nan not in ("raise", "omit"):
        msg = f"nan must be 'raise' or 'omit', not {nan!r}"
        raise ValueError(msg)
    mojo = module("value_at_risk")
    found = _at_once(mojo[name], returns, confidence, weights)
    if found:
        return found
    series, levels, shape = _prepare(returns, confidence, weights)
    order = np.argsort(levels)  # as the historical one wants them
    parts = _measure(mojo[f"{name}_each"], series, levels[order], nan, least=least)
    return _risk(parts[:, np.argsort(order)], shape)


def _at_once(
    function: Function, returns: ArrayLike, confidence: ArrayLike, weights: ArrayLike | None
) -> Risk | None:
    """Return the risk of one series at one level, where it is at hand as Mojo takes it."""
    if weights is None and isinstance(confidence, float) and 0 < confidence < 1 and hasattr(returns, "dtype"):
        with contextlib.suppress(TypeError, ValueError):  # other elements, gaps between them, a matrix
            found = Risk(*function(returns, confidence))
            if math.isfinite(found.value_at_risk) and math.isfinite(found.expected_shortfall):
                return found
    return None


def _prepare(
    returns: ArrayLike, confidence: ArrayLike, weights: ArrayLike | None
) -> tuple[Array, Array, tuple[int, ...]]:
    """Return the series as rows, the levels, and the shape of a result."""
    table = _numbers("returns", returns)
    levels = _numbers("confidence", confidence)
    wrong = levels[~((levels > 0) & (levels < 1))]
    if wrong.size:
        msg = f"confidence must be above 0 and below 1, not {wrong.flat[0]:g}"
        raise ValueError(msg)
    if table.ndim not in (1, 2):
        msg = f"returns must have one or two dimensions, not {table.ndim}"
        raise ValueError(msg)
    shape: tuple[int, ...] = table.shape[1:]
    if weights is not None:
        held = _numbers("weights", weights)
        if table.ndim != 2 or held.ndim not in (1, 2) or held.shape[-1] != table.shape[1]:
            msg = f"weights of shape {held.shape} do not go with returns of shape {table.shape}"
            raise ValueError(msg)
        table, shape = table @ held.T, held.shape[:-1]
    rows = np.ascontiguousarray(np.atleast_2d(table.T))
    return rows, levels.reshape(-1), levels.shape + shape


def _measure(function: Function, series: Array, levels: Array, nan: str, *, least: int) -> Array:
    """Return the results by series, level and kind, after a look at what is no number where there is any."""
    count, length = series.shape
    found = np.empty((count, levels.size, 2))
    if length >= least and found.size:
        function(series.reshape(-1), length, levels, found.reshape(-1))
        if np.isfinite(found).all():
            return found
    if np.isinf(series).any():
        msg = "returns must be finite"
        raise ValueError(msg)
    missing = np.isnan(series)
    if missing.any() and nan == "raise":
        msg = f"{missing.sum()} of the returns are NaN; nan='omit' leaves them out"
        raise ValueError(msg)
    for row, gaps, into in zip(series, missing, found, strict=True):
        there = row[~gaps]
        if there.size < least:
            msg = f"at least {least} returns are needed, and there are {there.size}"
            raise ValueError(msg)
        function(there, there.size, levels, into.reshape(-1))
    return found


def _risk(found: Array, shape: tuple[int, ...]) -> Risk:
    """Return results in the shape of levels, then series."""
    parts = (np.moveaxis(found[:, :, kind], 0, -1).reshape(shape) for kind in (0, 1))
    return Risk(*(part if shape else float(part) for part in parts))


def _numbers(name: str, value: ArrayLike) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        msg = f"{name} must be real numbers, not {array.dtype}"
        raise TypeError(msg)
    return array.astype(np.float64, copy=False)
