"""European options after Black, Scholes and Merton: prices, all Greeks, implied volatilities.

Every argument is a number or an array; arrays are broadcast, and numbers are not made arrays of. What is no
option (a spot or strike that is not above 0, a negative volatility or maturity, NaN) is NaN in the result.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mojocell.patterns._check import is_call
from mojocell.patterns._load import module

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["Greeks", "greeks", "implied_volatility", "price"]


class Greeks(NamedTuple):
    """A price and how it changes, each a number or an array of the options' shape.

    Attributes
    ----------
    price : float or ndarray
        What the option is worth.
    delta, gamma : float or ndarray
        Its first and second derivative by the spot.
    vega : float or ndarray
        By the volatility: of 1, not of a percent.
    theta : float or ndarray
        By time as it passes, a year.
    rho, psi : float or ndarray
        By the rate and by the dividend.
    vanna : float or ndarray
        By spot and volatility.
    volga : float or ndarray
        Twice by the volatility.
    charm : float or ndarray
        By the spot, and by time as it passes.
    """

    price: Any
    delta: Any
    gamma: Any
    vega: Any
    theta: Any
    rho: Any
    psi: Any
    vanna: Any
    volga: Any
    charm: Any


def price(
    *,
    spot: ArrayLike,
    strike: ArrayLike,
    volatility: ArrayLike,
    maturity: ArrayLike,
    rate: ArrayLike = 0.0,
    dividend: ArrayLike = 0.0,
    kind: Any = "call",
) -> Any:
    """Return what European options are worth.

    Parameters
    ----------
    spot, strike : array_like of float
        Today's value and the option's price to buy or sell at.
    volatility : array_like of float
        Per square root of a year.
    maturity : array_like of float
        In years.
    rate, dividend : array_like of float
        Per year, continuously compounded.
    kind : {"call", "put"} or array_like of these
        The right to buy or to sell.

    Returns
    -------
    float or ndarray
        A float where all arguments are numbers.

    Raises
    ------
    TypeError, ValueError
        An argument is not numeric, the shapes do not go together, or a kind is neither.

    Notes
    -----
    F. Black and M. Scholes, *The pricing of options and corporate liabilities*, Journal of Political Economy
    81 (1973); R. Merton, *Theory of rational option pricing*, Bell Journal of Economics 4 (1973).

    Examples
    --------
    >>> from mojocell.patterns import black_scholes
    >>> round(black_scholes.price(spot=100, strike=105, volatility=0.2, maturity=1, rate=0.03), 4)
    7.1281
    >>> found = black_scholes.price(spot=100, strike=[95, 105], volatility=0.2, maturity=1, kind="put")
    >>> found.round(4)
    array([ 5.5195, 10.9056])
    """
    return _one_or_each("price", (spot, strike, rate, dividend, volatility, maturity), kind)


def greeks(
    *,
    spot: ArrayLike,
    strike: ArrayLike,
    volatility: ArrayLike,
    maturity: ArrayLike,
    rate: ArrayLike = 0.0,
    dividend: ArrayLike = 0.0,
    kind: Any = "call",
) -> Greeks:
    """Return prices with all their Greeks.

    Parameters
    ----------
    spot, strike, volatility, maturity, rate, dividend, kind
        As for `price`.

    Returns
    -------
    Greeks
        Where nothing is left to chance, for a volatility or maturity of 0, what stems from chance is 0, and
        delta at the strike itself the mean of both sides.

    Raises
    ------
    TypeError, ValueError
        As for `price`.

    Examples
    --------
    >>> from mojocell.patterns import black_scholes
    >>> found = black_scholes.greeks(spot=100, strike=105, volatility=0.2, maturity=1, rate=0.03)
    >>> print(f"{found.delta:.4f} {found.gamma:.4f} {found.vega:.2f} {found.theta:.3f}")
    0.5024 0.0199 39.89 -5.283
    """
    return Greeks(
        *_one_or_each("greeks", (spot, strike, rate, dividend, volatility, maturity), kind, rows=10)
    )


def implied_volatility(
    price: ArrayLike,
    *,
    spot: ArrayLike,
    strike: ArrayLike,
    maturity: ArrayLike,
    rate: ArrayLike = 0.0,
    dividend: ArrayLike = 0.0,
    kind: Any = "call",
) -> Any:
    """Return the volatilities at which options are worth these prices.

    Parameters
    ----------
    price : array_like of float
        What they are worth.
    spot, strike, maturity, rate, dividend, kind
        As for `price`.

    Returns
    -------
    float or ndarray
        0 where a price is the least that its option can be worth; NaN where it is below that, or not below
        the most.

    Raises
    ------
    TypeError, ValueError
        As for `price`.

    Notes
    -----
    The idea of searching on a logarithm, from the point of inflection, is P. Jäckel's: *Let's be rational*,
    Wilmott (2015).

    Examples
    --------
    >>> from mojocell.patterns import black_scholes
    >>> option = dict(spot=100, strike=[80, 100, 250], maturity=0.5, rate=0.03)
    >>> prices = black_scholes.price(**option, volatility=[0.1, 0.2, 0.3])
    >>> black_scholes.implied_volatility(prices, **option).round(12)
    array([0.1, 0.2, 0.3])
    """
    return _one_or_each("implied", (price, spot, strike, rate, dividend, maturity), kind)


def _signs(kind: Any) -> Array:
    """Return 1 for calls and -1 for puts."""
    if isinstance(kind, str):
        return np.array(1.0 if is_call(kind) else -1.0)
    kinds = np.asarray(kind)
    calls, puts = kinds == "call", kinds == "put"
    if not np.all(calls | puts):
        is_call(kinds[~(calls | puts)].flat[0])
    return np.where(calls, 1.0, -1.0)


def _one_or_each(name: str, inputs: tuple[ArrayLike, ...], kind: Any, *, rows: int = 0) -> Any:
    """Call the function of that name where all are numbers, otherwise its twin for arrays."""
    mojo = module("black_scholes")
    if isinstance(kind, str):
        with contextlib.suppress(TypeError):  # not all are numbers
            return mojo[name](*inputs, is_call(kind))
    return _each(mojo[f"{name}_each"], inputs, kind, rows)


def _each(function: Callable[..., None], inputs: tuple[ArrayLike, ...], kind: Any, rows: int) -> Any:
    """Call a function for arrays; what has one element goes as it is, and is used for all."""
    arrays = [_numbers(value) for value in inputs] + [_signs(kind)]
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    flat = [
        array.reshape(1)
        if array.size == 1
        else np.ascontiguousarray(np.broadcast_to(array, shape)).reshape(-1)
        for array in arrays
    ]
    found = np.empty((rows, *shape) if rows else shape)
    if found.size:
        function(*flat, found.reshape(-1))
    return found if shape else found.tolist()


def _numbers(value: ArrayLike) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        msg = f"options are of real numbers, not of {array.dtype}"
        raise TypeError(msg)
    return array.astype(np.float64, copy=False)
