"""Black and Scholes with NumPy: functions of the names and arguments that ``black_scholes.mojo`` has.

The normal distribution is SciPy's where it is installed, which is as fast as it gets from Python.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

try:
    from scipy.special import ndtr as _normal
except ImportError:
    _error = np.frompyfunc(math.erfc, 1, 1)

    def _normal(x: Any) -> Any:
        return 0.5 * np.asarray(_error(-np.asarray(x) / math.sqrt(2)), np.float64)


STEPS = 100


def _distances(
    spot: Any, strike: Any, rate: Any, dividend: Any, volatility: Any, maturity: Any
) -> tuple[Any, Any]:
    width = volatility * np.sqrt(maturity)
    d1 = (np.log(spot / strike) + (rate - dividend) * maturity) / width + 0.5 * width
    return d1, d1 - width


def _price(
    spot: Any, strike: Any, rate: Any, dividend: Any, volatility: Any, maturity: Any, sign: Any
) -> Any:
    d1, d2 = _distances(spot, strike, rate, dividend, volatility, maturity)
    held, paid = spot * np.exp(-dividend * maturity), strike * np.exp(-rate * maturity)
    return sign * (held * _normal(sign * d1) - paid * _normal(sign * d2))


def _greeks(
    spot: Any, strike: Any, rate: Any, dividend: Any, volatility: Any, maturity: Any, sign: Any
) -> tuple[Any, ...]:
    root = np.sqrt(maturity)
    width = volatility * root
    d1, d2 = _distances(spot, strike, rate, dividend, volatility, maturity)
    held, paid = spot * np.exp(-dividend * maturity), strike * np.exp(-rate * maturity)
    asset, debt = sign * held * _normal(sign * d1), sign * paid * _normal(sign * d2)
    chance = held * np.exp(-0.5 * d1 * d1) / math.sqrt(2 * math.pi)
    vega = chance * root
    return (
        asset - debt,
        asset / spot,
        chance / (spot * spot * width),
        vega,
        dividend * asset - rate * debt - 0.5 * chance * volatility / root,
        maturity * debt,
        -maturity * asset,
        -chance / spot * d2 / volatility,
        vega * d1 * d2 / volatility,
        (dividend * asset - chance * ((rate - dividend) / width - 0.5 * d2 / maturity)) / spot,
    )


def price(
    spot: float,
    strike: float,
    rate: float,
    dividend: float,
    volatility: float,
    maturity: float,
    call: bool,
) -> float:
    """Return the price of a European option."""
    return float(_price(spot, strike, rate, dividend, volatility, maturity, 1.0 if call else -1.0))


def greeks(
    spot: float,
    strike: float,
    rate: float,
    dividend: float,
    volatility: float,
    maturity: float,
    call: bool,
) -> tuple[float, ...]:
    """Return the price, then delta, gamma, vega, theta, rho, psi, vanna, volga and charm."""
    found = _greeks(spot, strike, rate, dividend, volatility, maturity, 1.0 if call else -1.0)
    return tuple(float(value) for value in found)


def implied(
    price: float,
    spot: float,
    strike: float,
    rate: float,
    dividend: float,
    maturity: float,
    call: bool,
) -> float:
    """Return the volatility that a price implies."""
    sign = 1.0 if call else -1.0
    columns = [
        np.array([value], np.float64) for value in (price, spot, strike, rate, dividend, maturity, sign, 0.0)
    ]
    implied_each(*columns)
    return float(columns[-1][0])


def price_each(
    spot: Array,
    strike: Array,
    rate: Array,
    dividend: Array,
    volatility: Array,
    maturity: Array,
    sign: Array,
    found: Array,
) -> None:
    """Write the price of each option; a call's sign is 1, a put's -1."""
    found[:] = _price(spot, strike, rate, dividend, volatility, maturity, sign)


def greeks_each(
    spot: Array,
    strike: Array,
    rate: Array,
    dividend: Array,
    volatility: Array,
    maturity: Array,
    sign: Array,
    found: Array,
) -> None:
    """Write all prices, then all deltas, and so on."""
    rows = found.reshape(10, -1)
    for row, values in zip(
        rows, _greeks(spot, strike, rate, dividend, volatility, maturity, sign), strict=True
    ):
        row[:] = values


def implied_each(
    price: Array,
    spot: Array,
    strike: Array,
    rate: Array,
    dividend: Array,
    maturity: Array,
    sign: Array,
    found: Array,
) -> None:
    """Write the volatility that each price implies: Newton's steps, within bounds that are halved else."""
    low, high = np.zeros(found.size), np.full(found.size, 20.0)
    distance = np.log(spot / strike) + (rate - dividend) * maturity
    # Newton's steps from the point of inflection come nearer from one side (Manaster and Koehler, 1982).
    sigma = np.clip(np.sqrt(2 * np.abs(distance) / maturity), 0.05, 10.0) + np.zeros(found.size)
    held, paid = spot * np.exp(-dividend * maturity), strike * np.exp(-rate * maturity)
    for _ in range(STEPS):
        d1, d2 = _distances(spot, strike, rate, dividend, sigma, maturity)
        error = sign * (held * _normal(sign * d1) - paid * _normal(sign * d2)) - price
        slope = held * np.exp(-0.5 * d1 * d1) * np.sqrt(maturity / (2 * math.pi))
        low, high = np.where(error < 0, sigma, low), np.where(error > 0, sigma, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = sigma - error / slope
        step = np.where((step > low) & (step < high), step, 0.5 * (low + high))
        done = np.abs(step - sigma) <= 1e-12 * sigma
        sigma = np.where(error == 0, sigma, step)
        if np.all(done | (error == 0)):
            break
    found[:] = sigma
