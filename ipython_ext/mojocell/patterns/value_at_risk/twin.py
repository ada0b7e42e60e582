"""Value at risk with NumPy: functions of the names and arguments that ``value_at_risk.mojo`` has."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def historical(returns: Array, level: float) -> tuple[float, float]:
    """Return value at risk and expected shortfall at one level of confidence."""
    found = np.empty(2)
    historical_each(returns, returns.size, np.array([level]), found)
    return float(found[0]), float(found[1])


def historical_each(returns: Array, length: int, levels: Array, found: Array) -> None:
    """Write the same of many series of one length, one after the other, at several levels."""
    places = (length - 1) * (1 - levels)
    ranks = np.floor(places).astype(int)
    wanted = np.unique(np.concatenate([ranks, np.minimum(ranks + 1, length - 1)]))
    into = found.reshape(-1, levels.size, 2)
    for i, series in enumerate(returns.reshape(-1, length)):
        if np.isnan(series).any():
            into[i] = np.nan
            continue
        worst = np.partition(series, wanted)
        for j, (level, place, k) in enumerate(zip(levels, places, ranks, strict=True)):
            at, following = worst[k], worst[min(k + 1, length - 1)]
            part = length * (1 - level) - k
            total = worst[:k].sum() + min(part, 1) * at + max(part - 1, 0) * following
            into[i, j] = -(at + (place - k) * (following - at)), -total / (length * (1 - level))


def parametric(returns: Array, level: float) -> tuple[float, float]:
    """Return value at risk and expected shortfall at one level of confidence, of two returns or more."""
    found = np.empty(2)
    parametric_each(returns, returns.size, np.array([level]), found)
    return float(found[0]), float(found[1])


def parametric_each(returns: Array, length: int, levels: Array, found: Array) -> None:
    """Write the same of many series of one length, one after the other, at several levels."""
    series = returns.reshape(-1, length)
    mean, deviation = series.mean(axis=1)[:, None], series.std(axis=1, ddof=1)[:, None]
    z = np.array([normal_quantile(1 - level) for level in levels])
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    into = found.reshape(-1, levels.size, 2)
    into[:, :, 0] = -mean - deviation * z
    into[:, :, 1] = -mean + deviation * density / (1 - levels)


def normal_quantile(share: float) -> float:
    """Return what this share of a standard normal distribution is below."""
    return NormalDist().inv_cdf(share)
