"""Monte Carlo with NumPy alone: functions of the names and arguments that ``monte_carlo.mojo`` has."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PATHS = 1024
"""How many paths are followed at a time: their arrays stay in the processor's cache."""


def _generator(seed: int, stream: int, blocks: int = 0) -> np.random.Generator:
    """Return a generator that is some blocks of four numbers into a stream."""
    philox = np.random.Philox(key=np.array([seed, stream], np.uint64))
    if blocks:
        philox.advance(blocks)
    return np.random.Generator(philox)


def _normals(generator: np.random.Generator, count: int) -> Array:
    """Return an even number of normal numbers of a generator, by Box and Muller."""
    pairs = generator.random(count).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log(1 - pairs[:, 0]))
    angle = 2 * np.pi * pairs[:, 1]
    numbers = np.empty_like(pairs)
    np.multiply(radius, np.cos(angle), out=numbers[:, 0])
    np.multiply(radius, np.sin(angle), out=numbers[:, 1])
    return numbers.reshape(-1)


def uniforms(seed: int, stream: int, numbers: Array) -> None:
    """Fill an array with the uniform numbers of a stream."""
    _generator(seed, stream).random(out=numbers)


def normals(seed: int, stream: int, numbers: Array) -> None:
    """Fill an array with the normal numbers of a stream."""
    numbers[:] = _normals(_generator(seed, stream), numbers.size + numbers.size % 2)[: numbers.size]


def pi_inside(seed: int, samples: int, stream: int = 0) -> int:
    """Return how many of the points of a square are within its quarter of a circle."""
    points = _generator(seed, stream).random((samples, 2))
    return int(np.count_nonzero(points[:, 0] ** 2 + points[:, 1] ** 2 < 1))


def _estimate(payoff: Array, control: Array | None, mean: float) -> tuple[float, float]:
    """Return the mean and its standard error; with a control at its best coefficient."""
    count = payoff.size
    if control is None:
        return float(payoff.mean()), float(payoff.std(ddof=1)) / math.sqrt(count)
    y, c = payoff - payoff.mean(), control - control.mean()
    slope = float(y @ c) / float(c @ c) if c.any() else 0.0
    rest = y - slope * c
    error = math.sqrt(float(rest @ rest) / (count - 2) / count)
    return float(payoff.mean() - slope * (control.mean() - mean)), error


def european(
    seed: int,
    samples: int,
    spot: float,
    strike: float,
    rate: float,
    dividend: float,
    volatility: float,
    maturity: float,
    call: bool,
    antithetic: bool,
    control: bool,
    stream: int = 0,
) -> tuple[float, float]:
    """Return the price of a European option and its standard error, from values at maturity."""
    z = _normals(_generator(seed, stream), samples + samples % 2)[:samples]
    drift = (rate - dividend - volatility**2 / 2) * maturity
    noise = volatility * math.sqrt(maturity) * z
    sign = 1.0 if call else -1.0
    value = spot * np.exp(drift + noise)
    payoff = np.maximum(sign * (value - strike), 0)
    if antithetic:
        other = spot * np.exp(drift - noise)
        payoff = (payoff + np.maximum(sign * (other - strike), 0)) / 2
        value = (value + other) / 2
    forward = spot * math.exp((rate - dividend) * maturity)
    price, error = _estimate(payoff, value if control else None, forward)
    discount = math.exp(-rate * maturity)
    return discount * price, discount * error


def asian(
    seed: int,
    samples: int,
    dates: int,
    spot: float,
    strike: float,
    rate: float,
    dividend: float,
    volatility: float,
    maturity: float,
    call: bool,
    antithetic: bool,
    control: bool,
    stream: int = 0,
) -> tuple[float, float]:
    """Return the price of an option on the mean of a path's values at dates, and its standard error."""
    blocks = (dates + 3) // 4
    step = maturity / dates
    drifted = (rate - dividend - volatility**2 / 2) * step * np.arange(1, dates + 1)
    generator = _generator(seed, stream)
    sign = 1.0 if call else -1.0

    def payoffs(noise: Array) -> tuple[Array, Array]:
        logs = drifted + noise
        mean = spot * np.exp(logs).mean(axis=1)
        geometric = spot * np.exp(logs.mean(axis=1))
        return np.maximum(sign * (mean - strike), 0), np.maximum(sign * (geometric - strike), 0)

    payoff, geometric = np.empty(samples), np.empty(samples)
    for start in range(0, samples, PATHS):
        count = min(PATHS, samples - start)
        z = _normals(generator, count * blocks * 4).reshape(count, -1)[:, :dates]
        noise = volatility * math.sqrt(step) * z.cumsum(axis=1)
        found, known = payoffs(noise)
        if antithetic:
            mirrored = payoffs(-noise)
            found, known = (found + mirrored[0]) / 2, (known + mirrored[1]) / 2
        payoff[start : start + count] = found
        geometric[start : start + count] = known
    discount = math.exp(-rate * maturity)
    known_mean = geometric_asian(dates, spot, strike, rate, dividend, volatility, maturity, call) / discount
    price, error = _estimate(payoff, geometric if control else None, known_mean)
    return discount * price, discount * error


def geometric_asian(
    dates: int,
    spot: float,
    strike: float,
    rate: float,
    dividend: float,
    volatility: float,
    maturity: float,
    call: bool,
) -> float:
    """Return the price of an option on the geometric mean, which is known."""
    middle = math.log(spot) + (rate - dividend - volatility**2 / 2) * maturity * (dates + 1) / (2 * dates)
    width = volatility * math.sqrt(maturity * (dates + 1) * (2 * dates + 1) / (6 * dates**2))
    forward = math.exp(middle + width**2 / 2)
    sign = 1.0 if call else -1.0
    discount = math.exp(-rate * maturity)
    if width == 0:
        return discount * max(sign * (forward - strike), 0.0)
    d = (middle - math.log(strike)) / width
    return discount * sign * (forward * _normal(sign * (d + width)) - strike * _normal(sign * d))


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))
