"""Estimates by random samples: the number π, European and Asian options, each with its standard error.

The random numbers are those of NumPy's Philox generator, to the bit: a function of seed, stream and
position, so that every result can be had again, and different streams of one seed can be used side by
side.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mojocell.patterns._check import is_call, real, whole
from mojocell.patterns._load import module

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WORD = 2**64 - 1

__all__ = ["Estimate", "asian", "european", "geometric_asian", "normals", "pi", "uniforms"]


class Estimate(NamedTuple):
    """A value and how far it is off.

    Attributes
    ----------
    value : float
        The estimate.
    error : float
        Its standard error: the true value is within two of them 95 times of 100.
    """

    value: float
    error: float


def uniforms(count: int, *, seed: int = 0, stream: int = 0) -> Array:
    """Return random numbers from 0 to below 1.

    Parameters
    ----------
    count : int
        How many.
    seed, stream : int
        What they are chosen by: 64 bits each. Different pairs give independent numbers.

    Returns
    -------
    ndarray of float64
        Equal to ``Generator(Philox(key=[seed, stream])).random(count)`` of NumPy.

    Examples
    --------
    >>> from mojocell.patterns import monte_carlo
    >>> monte_carlo.uniforms(3, seed=7)
    array([0.87207345, 0.29536538, 0.42009768])
    """
    numbers = np.empty(whole("count", count, 0))
    module("monte_carlo").uniforms(*_key(seed, stream), numbers)
    return numbers


def normals(count: int, *, seed: int = 0, stream: int = 0) -> Array:
    """Return random numbers of the standard normal distribution, by the method of Box and Muller.

    Parameters
    ----------
    count : int
        How many.
    seed, stream : int
        As for `uniforms`, of which each two become two normal numbers.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> from mojocell.patterns import monte_carlo
    >>> numbers = monte_carlo.normals(100_000, seed=7)
    >>> print(round(abs(numbers.mean()), 2), round(numbers.std(), 2))
    0.0 1.0
    """
    numbers = np.empty(whole("count", count, 0))
    module("monte_carlo").normals(*_key(seed, stream), numbers)
    return numbers


def pi(samples: int, *, seed: int = 0, stream: int = 0) -> Estimate:
    """Estimate π by the share of random points of a square that are within its circle.

    Parameters
    ----------
    samples : int
        How many points, at least 2.
    seed, stream : int
        As for `uniforms`.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> from mojocell.patterns import monte_carlo
    >>> monte_carlo.pi(1_000_000, seed=7)
    Estimate(value=3.142436, error=0.00164...)
    """
    samples = whole("samples", samples, 2)
    seed, stream = _key(seed, stream)
    share = module("monte_carlo").pi_inside(seed, samples, stream) / samples
    return Estimate(4 * share, 4 * math.sqrt(share * (1 - share) / (samples - 1)))


def european(
    samples: int,
    *,
    spot: float,
    strike: float,
    volatility: float,
    maturity: float,
    rate: float = 0.0,
    dividend: float = 0.0,
    kind: str = "call",
    antithetic: bool = True,
    control: bool = True,
    seed: int = 0,
    stream: int = 0,
) -> Estimate:
    """Estimate the price of a European option on a value that follows a geometric Brownian motion.

    Parameters
    ----------
    samples : int
        How many independent samples, at least 3.
    spot, strike : float
        Today's value and the option's price to buy or sell at, above 0.
    volatility : float
        Per square root of a year.
    maturity : float
        In years.
    rate, dividend : float
        Per year, continuously compounded.
    kind : {"call", "put"}
        The right to buy or to sell.
    antithetic : bool
        Each sample is the mean over a random number and its negative.
    control : bool
        The value at maturity, whose mean is known, corrects the estimate by regression.
    seed, stream : int
        As for `uniforms`.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> from mojocell.patterns import monte_carlo
    >>> found = monte_carlo.european(100_000, spot=100, strike=105, volatility=0.2, maturity=1, rate=0.03)
    >>> abs(found.value - 7.1281) < 4 * found.error, found.error < 0.01
    (True, True)
    """
    size = (whole("samples", samples, 3),)
    option = _option(spot, strike, rate, dividend, volatility, maturity, kind)
    return _estimate("european", size, option, (antithetic, control), _key(seed, stream))


def asian(
    samples: int,
    dates: int,
    *,
    spot: float,
    strike: float,
    volatility: float,
    maturity: float,
    rate: float = 0.0,
    dividend: float = 0.0,
    kind: str = "call",
    antithetic: bool = True,
    control: bool = True,
    seed: int = 0,
    stream: int = 0,
) -> Estimate:
    """Estimate the price of an option on the arithmetic mean of a path's values at equally distant dates.

    Parameters
    ----------
    samples : int
        How many independent paths, at least 3; with ``antithetic`` each has its mirror image beside it.
    dates : int
        How many dates the mean is over; the last is the maturity, today is not among them.
    spot, strike, volatility, maturity, rate, dividend, kind, antithetic, seed, stream
        As for `european`.
    control : bool
        The option on the geometric mean, whose price is known (`geometric_asian`), corrects the estimate by
        regression: some thousand times fewer samples do.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> from mojocell.patterns import monte_carlo
    >>> option = dict(spot=100, strike=100, volatility=0.2, maturity=1, rate=0.05)
    >>> found = monte_carlo.asian(20_000, 12, **option)
    >>> found.value > monte_carlo.geometric_asian(12, **option), found.error < 0.005
    (True, True)
    """
    size = (whole("samples", samples, 3), whole("dates", dates, 1))
    option = _option(spot, strike, rate, dividend, volatility, maturity, kind)
    return _estimate("asian", size, option, (antithetic, control), _key(seed, stream))


def geometric_asian(
    dates: int,
    *,
    spot: float,
    strike: float,
    volatility: float,
    maturity: float,
    rate: float = 0.0,
    dividend: float = 0.0,
    kind: str = "call",
) -> float:
    """Return the price of an option on the geometric mean, which is known in closed form.

    Parameters
    ----------
    dates, spot, strike, volatility, maturity, rate, dividend, kind
        As for `asian`.

    Returns
    -------
    float

    Notes
    -----
    A. Kemna and A. Vorst, *A pricing method for options based on average asset values*, Journal of Banking
    and Finance 14 (1990), with the moments of a mean over dates.

    Examples
    --------
    >>> from mojocell.patterns import monte_carlo
    >>> price = monte_carlo.geometric_asian(1, spot=100, strike=105, volatility=0.2, maturity=1, rate=0.03)
    >>> round(price, 4)
    7.1281
    """
    option = _option(spot, strike, rate, dividend, volatility, maturity, kind)
    price: float = module("monte_carlo").geometric_asian(whole("dates", dates, 1), *option)
    return price


def _key(seed: Any, stream: Any) -> tuple[int, int]:
    return whole("seed", seed, 0, WORD), whole("stream", stream, 0, WORD)


def _estimate(
    name: str, size: tuple[int, ...], option: tuple[Any, ...], ways: tuple[Any, ...], key: tuple[int, int]
) -> Estimate:
    """Return the estimate of a price; ``ways`` are those of making it more precise."""
    seed, stream = key
    found = module("monte_carlo")[name](seed, *size, *option, *map(bool, ways), stream=stream)
    return Estimate(*found)


def _option(
    spot: float, strike: float, rate: float, dividend: float, volatility: float, maturity: float, kind: str
) -> tuple[float, float, float, float, float, float, bool]:
    """Return what describes an option, checked, in the order of the Mojo functions."""
    return (
        real("spot", spot, above=0),
        real("strike", strike, above=0),
        real("rate", rate),
        real("dividend", dividend),
        real("volatility", volatility, least=0),
        real("maturity", maturity, least=0),
        is_call(kind),
    )
