"""The patterns against their twins with NumPy, and against numba where it is installed; reported, without targets.

Contestants are timed in turn, each first as often as the others; a sample is as many calls as fill some milliseconds.
``python tests/bench/bench_patterns.py`` prints the table of ``docs/patterns/index.md``.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread for everyone; read when NumPy is imported

import numpy as np
from frame import Pair, Row, private_place, timed

from mojocell import patterns

SAMPLES = 15
SAMPLE = 0.005  # seconds, at least

OURS = "Mojo"
TWIN = "twin"


@dataclass
class Case:
    """One line of the table: a pattern, what is computed, and who computes it."""

    pattern: str
    what: str
    contestants: dict[str, Callable[[], Any]]
    times: dict[str, list[float]] = field(default_factory=dict)

    def pair(self, peer: str) -> Pair:
        return Pair(self.times[OURS], self.times[peer])

    def measure(self) -> None:
        """Time everyone in turn."""
        numbers = {name: calls(function) for name, function in self.contestants.items()}
        self.times = {name: [] for name in self.contestants}
        names = list(self.contestants)
        for i in range(SAMPLES):
            for name in names[i % len(names) :] + names[: i % len(names)]:
                function, number = self.contestants[name], numbers[name]

                def sample(function: Callable[[], Any] = function, number: int = number) -> None:
                    for _ in range(number):
                        function()

                self.times[name].append(timed(sample) / number)

    def rows(self) -> list[Row]:
        """How many times as fast as each peer, with both medians and their quartiles."""
        found = []
        for peer in list(self.contestants)[1:]:
            pair = self.pair(peer)
            detail = pair.detail(*scale(statistics.median(pair.subject)))
            what = f"{self.pattern}: {self.what} / {peer}"
            found.append(Row(what, 1 / pair.ratio, "times", None, detail, SAMPLES))
        return found


def calls(function: Callable[[], Any]) -> int:
    """Return how many calls fill a sample; the first one compiles."""
    function()
    return max(1, math.ceil(SAMPLE / timed(function)))


def scale(seconds: float) -> tuple[float, str]:
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return factor, unit
    return 1e9, "ns"


# --- the patterns -----------------------------------------------------------------------------


def monte_carlo() -> Iterator[Case]:
    from mojocell.patterns import monte_carlo
    from mojocell.patterns.monte_carlo import twin

    name = "monte_carlo"
    samples, paths, dates = 1_000_000, 20_000, 50
    option = {
        "spot": 100.0,
        "strike": 105.0,
        "rate": 0.03,
        "dividend": 0.01,
        "volatility": 0.2,
        "maturity": 1.0,
    }
    values = tuple(option.values())
    peers = numba_monte_carlo()
    numbers = np.empty(samples)
    case = Case(
        name,
        "π of 1,000,000 points",
        {OURS: lambda: monte_carlo.pi(samples), TWIN: lambda: twin.pi_inside(0, samples)},
    )
    if peers:
        case.contestants["numba"] = lambda: peers["pi"](samples)
    yield case
    generator = np.random.Generator(np.random.Philox(key=0))
    yield Case(
        name,
        "1,000,000 normal numbers",
        {
            OURS: lambda: monte_carlo.normals(samples),
            TWIN: lambda: twin.normals(0, 0, numbers),
            "NumPy's standard_normal": lambda: generator.standard_normal(samples),
        },
    )
    case = Case(
        name,
        "European option, 1,000,000 samples, antithetic, control",
        {
            OURS: lambda: monte_carlo.european(samples, **option),
            TWIN: lambda: twin.european(0, samples, *values, True, True, True),
        },
    )
    yield case
    plain = Case(
        name,
        "Asian option, 20,000 paths of 50 dates, plain",
        {
            OURS: lambda: monte_carlo.asian(paths, dates, **option, antithetic=False, control=False),
            TWIN: lambda: twin.asian(0, paths, dates, *values, True, False, False),
        },
    )
    if peers:
        plain.contestants["numba"] = lambda: peers["asian"](paths, dates, values)
    yield plain
    yield Case(
        name,
        "Asian option, 20,000 paths of 50 dates, antithetic, control",
        {
            OURS: lambda: monte_carlo.asian(paths, dates, **option),
            TWIN: lambda: twin.asian(0, paths, dates, *values, True, True, True),
        },
    )


def numba_monte_carlo() -> dict[str, Callable[..., Any]]:
    """Loops as one writes them for numba, with the random numbers that it has."""
    try:
        from numba import njit
    except ImportError:
        return {}

    @njit(fastmath=True)
    def pi(samples: int) -> float:
        inside = 0
        for _ in range(samples):
            x, y = np.random.random(), np.random.random()
            inside += x * x + y * y < 1
        return 4 * inside / samples

    @njit(fastmath=True)
    def asian(paths: int, dates: int, option: tuple[float, ...]) -> tuple[float, float]:
        spot, strike, rate, dividend, volatility, maturity = option
        step = maturity / dates
        drift = (rate - dividend - volatility**2 / 2) * step
        width = volatility * math.sqrt(step)
        total = squares = 0.0
        for _ in range(paths):
            log = mean = 0.0
            for _ in range(dates):
                log += drift + width * np.random.standard_normal()
                mean += math.exp(log)
            payoff = max(spot * mean / dates - strike, 0.0)
            total += payoff
            squares += payoff * payoff
        mean = total / paths
        discount = math.exp(-rate * maturity)
        return discount * mean, discount * math.sqrt((squares / paths - mean * mean) / (paths - 1))

    return {"pi": pi, "asian": asian}


def black_scholes() -> Iterator[Case]:
    from mojocell.patterns import black_scholes
    from mojocell.patterns.black_scholes import twin

    name = "black_scholes"
    count = 100_000
    generator = np.random.default_rng(1)
    spot = generator.uniform(50, 150, count)
    columns = {
        "spot": spot,
        "strike": spot * generator.uniform(0.7, 1.4, count),
        "rate": generator.uniform(0.0, 0.1, count),
        "dividend": generator.uniform(0, 0.05, count),
        "volatility": generator.uniform(0.1, 0.8, count),
        "maturity": generator.uniform(0.1, 3, count),
    }
    signs = np.ones(count)
    out, outs = np.empty(count), np.empty(10 * count)
    prices = black_scholes.price(**columns)
    known = {name: column for name, column in columns.items() if name != "volatility"}
    contestants = {
        OURS: lambda: black_scholes.price(**columns),
        TWIN: lambda: twin.price_each(*columns.values(), signs, out),
    }
    peer = numba_price()
    if peer:
        contestants["numba"] = lambda: peer(*columns.values(), signs, out)
    yield Case(name, "prices of 100,000 options", contestants)
    yield Case(
        name,
        "prices and nine Greeks of 100,000 options",
        {
            OURS: lambda: black_scholes.greeks(**columns),
            TWIN: lambda: twin.greeks_each(*columns.values(), signs, outs),
        },
    )
    yield Case(
        name,
        "implied volatilities of 100,000 options",
        {
            OURS: lambda: black_scholes.implied_volatility(prices, **known),
            TWIN: lambda: twin.implied_each(prices, *known.values(), signs, out),
        },
    )
    one = {name: float(column[0]) for name, column in columns.items()}
    values = tuple(one.values())
    direct = patterns.module(name).price
    yield Case(
        name,
        "the price of one option, checked",
        {
            OURS: lambda: black_scholes.price(**one),
            TWIN: lambda: twin.price(*values, True),
            "the Mojo function itself": lambda: direct(*values, True),
            "Python's math": lambda: plain_price(*values),
        },
    )


def plain_price(  # noqa: PLR0917
    spot: float, strike: float, rate: float, dividend: float, volatility: float, maturity: float
) -> float:
    """A call with Python's own functions."""
    width = volatility * math.sqrt(maturity)
    d1 = (math.log(spot / strike) + (rate - dividend) * maturity) / width + 0.5 * width
    held, paid = spot * math.exp(-dividend * maturity), strike * math.exp(-rate * maturity)
    return 0.5 * (held * math.erfc(-d1 / math.sqrt(2)) - paid * math.erfc((width - d1) / math.sqrt(2)))


def numba_price() -> Callable[..., Any] | None:
    """The loop over `plain_price` that one writes for numba."""
    try:
        from numba import njit
    except ImportError:
        return None

    @njit(fastmath=True)
    def price_each(spot, strike, rate, dividend, volatility, maturity, sign, found):  # noqa: PLR0917
        for i in range(found.size):
            width = volatility[i] * math.sqrt(maturity[i])
            d1 = (math.log(spot[i] / strike[i]) + (rate[i] - dividend[i]) * maturity[i]) / width + 0.5 * width
            held = spot[i] * math.exp(-dividend[i] * maturity[i])
            paid = strike[i] * math.exp(-rate[i] * maturity[i])
            above = held * math.erfc(-sign[i] * d1 / math.sqrt(2))
            found[i] = 0.5 * sign[i] * (above - paid * math.erfc(sign[i] * (width - d1) / math.sqrt(2)))

    return price_each


def value_at_risk() -> Iterator[Case]:
    from mojocell.patterns import value_at_risk
    from mojocell.patterns.value_at_risk import twin

    name = "value_at_risk"
    generator = np.random.default_rng(1)
    for count in (1_000, 100_000, 1_000_000):
        returns = 0.01 * generator.standard_t(4, count)
        contestants = {
            OURS: lambda r=returns: value_at_risk.historical(r, 0.95),
            TWIN: lambda r=returns: twin.historical(r, 0.95),
            "NumPy's quantile alone": lambda r=returns: np.quantile(r, 0.05),
        }
        yield Case(name, f"historical, {count:,} returns", contestants)
    returns = 0.01 * generator.standard_t(4, 100_000)
    yield Case(
        name,
        "parametric, 100,000 returns",
        {
            OURS: lambda: value_at_risk.parametric(returns, 0.95),
            TWIN: lambda: twin.parametric(returns, 0.95),
        },
    )
    table = 0.01 * generator.standard_t(4, (2_500, 200))
    levels, out = np.array([0.95, 0.99]), np.empty(200 * 2 * 2)
    yield Case(
        name,
        "historical, 200 assets of 2,500 days, two levels",
        {
            OURS: lambda: value_at_risk.historical(table, levels),
            TWIN: lambda: twin.historical_each(np.ascontiguousarray(table.T).reshape(-1), 2_500, levels, out),
        },
    )
    weights = np.full(200, 1 / 200)
    yield Case(
        name,
        "historical, a portfolio of these",
        {
            OURS: lambda: value_at_risk.historical(table, 0.95, weights=weights),
            TWIN: lambda: twin.historical(table @ weights, 0.95),
            "the product of the matrix alone": lambda: table @ weights,
        },
    )


def rolling() -> Iterator[Case]:
    from mojocell.patterns import rolling
    from mojocell.patterns.rolling import twin

    name, count = "rolling", 100_000
    values = np.random.default_rng(1).normal(size=count).cumsum()
    means, deviations = np.empty(count), np.empty(count)
    try:
        import pandas as pd
    except ImportError:
        series = None
    else:
        series = pd.Series(values)
    for size, window in ((count, 20), (10_000, 1000)):
        part = values[:size]
        contestants = {
            OURS: lambda x=part, w=window: rolling.std(x, w),
            TWIN: lambda x=part, w=window: twin.moments_each(
                x, x.size, w, w, 1, means[: x.size], deviations[: x.size]
            ),
        }
        if series is not None:
            contestants["pandas"] = lambda n=size, w=window: series[:n].rolling(w).std()
        yield Case(name, f"standard deviations of {size:,} values, window {window:,}", contestants)
    case = Case(
        name,
        f"highest of {count:,} values, window 20",
        {
            OURS: lambda: rolling.maximum(values, 20),
            TWIN: lambda: twin.extremes_each(values, count, 20, 20, False, means),
        },
    )
    if series is not None:
        case.contestants["pandas"] = lambda: series.rolling(20).max()
    yield case
    yield Case(
        name,
        f"standard scores of {count:,} values",
        {
            OURS: lambda: rolling.zscore(values),
            TWIN: lambda: twin.scores_each(values, count, 0, means),
            "NumPy without a look at NaN": lambda: (values - values.mean()) / values.std(),
        },
    )


def mandelbrot() -> Iterator[Case]:
    from mojocell.patterns import mandelbrot
    from mojocell.patterns.mandelbrot import twin

    found = np.empty(600 * 400)
    case = Case(
        "mandelbrot",
        "600 by 400 points, at most 256 steps",
        {
            OURS: mandelbrot.image,
            TWIN: lambda: twin.image(-1.9975, 0.9975, 0.005, 600, 256, False, found),
        },
    )
    peer = numba_mandelbrot()
    if peer:
        case.contestants["numba"] = lambda: peer(-1.9975, 0.9975, 0.005, 600, 256, found)
    yield case
    yield Case(
        "mandelbrot",
        "the same, smooth",
        {
            OURS: lambda: mandelbrot.image(smooth=True),
            TWIN: lambda: twin.image(-1.9975, 0.9975, 0.005, 600, 256, True, found),
        },
    )


def numba_mandelbrot() -> Callable[..., Any] | None:
    """The loop that one writes for numba."""
    try:
        from numba import njit
    except ImportError:
        return None

    @njit(fastmath=True)
    def image(left, top, step, width, limit, found):  # noqa: PLR0917
        for i in range(found.size):
            x, y = left + (i % width) * step, top - (i // width) * step
            a = b = 0.0
            count = 0
            while count < limit and a * a + b * b <= 4.0:
                a, b = a * a - b * b + x, 2 * a * b + y
                count += 1
            found[i] = count

    return image


def tokens() -> Iterator[Case]:
    import re
    from collections import Counter
    from pydoc_data.topics import topics

    from mojocell.patterns import tokens
    from mojocell.patterns.tokens import twin

    text = " ".join(topics.values())
    raw = text.encode()
    word = re.compile(r"\w+")
    size = f"{len(raw) / 1e6:.1f} MB of English"
    counted = {
        OURS: lambda: tokens.count(text),
        TWIN: lambda: twin.counts(raw),
        "Counter of re.findall": lambda: Counter(word.findall(text.lower())),
    }
    yield Case("tokens", f"count the words of {size}", counted)
    most = {
        OURS: lambda: tokens.top(text, 10),
        TWIN: lambda: twin.top(raw, 10),
        "Counter.most_common": lambda: Counter(twin.WORD.findall(raw.lower())).most_common(10),
    }
    yield Case("tokens", "the ten most frequent", most)
    yield Case(
        "tokens",
        "where they are",
        {OURS: lambda: tokens.spans(text), TWIN: lambda: twin.spans(raw)},
    )
    yield Case(
        "tokens",
        "the words as Python's",
        {OURS: lambda: tokens.words(text), TWIN: lambda: word.findall(text)},
    )


PATTERNS: tuple[Callable[[], Iterator[Case]], ...] = (
    monte_carlo,
    black_scholes,
    value_at_risk,
    rolling,
    mandelbrot,
    tokens,
)


# --- the table --------------------------------------------------------------------------------


def keep_memory() -> None:
    """Let the C library keep what is freed, as it does once a process has freed a large block.

    Before that every large temporary of NumPy's is new memory of the system's, page by page, and takes up to three
    times as long: what a twin takes would depend on what ran before it.
    """
    np.ones(31 << 17).sum()  # 31 MiB, below the most that glibc keeps


def cases(names: list[str] | None = None) -> Iterator[Case]:
    """Measured cases of these patterns, or of all."""
    keep_memory()
    for pattern in PATTERNS:
        if names and pattern.__name__ not in names:
            continue
        for case in pattern():
            case.measure()
            yield case


def measure() -> list[Row]:
    with private_place():
        return [row for case in cases() for row in case.rows()]


def shown(samples: list[float]) -> str:
    """Return a median with half of the distance between the quartiles."""
    low, middle, high = statistics.quantiles(samples, n=4)
    factor, unit = scale(middle)
    return f"{middle * factor:.3g} {unit} ± {(high - low) / 2 / middle:.0%}"


def table(names: list[str]) -> str:
    """Return the Markdown of the measured cases."""
    lines = ["| | Mojo | twin | times as fast | others |", "|---|---|---|---|---|"]
    last = ""
    for case in cases(names):
        if case.pattern != last:
            lines.append(f"| **{case.pattern}** | | | | |")
            last = case.pattern
        peers = [name for name in case.contestants if name not in (OURS, TWIN)]
        others = ", ".join(f"{peer} {shown(case.times[peer])}" for peer in peers)
        lines.append(
            f"| {case.what} | {shown(case.times[OURS])} | {shown(case.times[TWIN])} "
            f"| {1 / case.pair(TWIN).ratio:.2g} | {others} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    with private_place():
        print(table(sys.argv[1:]))
