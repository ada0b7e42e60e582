"""Black and Scholes in Mojo: the twin's results, known values, and the identities that prices and Greeks obey."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mojocell import patterns
from mojocell.errors import MojoRuntimeError
from mojocell.patterns import black_scholes
from mojocell.patterns.black_scholes import twin

pytestmark = pytest.mark.usefixtures("service")

NAMES = ("spot", "strike", "rate", "dividend", "volatility", "maturity")
OPTION = {
    "spot": 100.0,
    "strike": 105.0,
    "rate": 0.03,
    "dividend": 0.01,
    "volatility": 0.2,
    "maturity": 1.5,
}
OPTIONS = st.fixed_dictionaries(
    {
        "spot": st.floats(1, 1000),
        "strike": st.floats(1, 1000),
        "rate": st.floats(-0.1, 0.3),
        "dividend": st.floats(-0.1, 0.3),
        "volatility": st.floats(0.01, 2),
        "maturity": st.floats(0.01, 10),
    }
)
KINDS = st.sampled_from(["call", "put"])


def in_order(option: dict[str, float], kind: str) -> tuple:
    return (*(option[name] for name in NAMES), kind == "call")


def many(count: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(count)
    spot = generator.uniform(50, 150, count)
    return {
        "spot": spot,
        "strike": spot * generator.uniform(0.5, 2, count),
        "rate": generator.uniform(-0.02, 0.1, count),
        "dividend": generator.uniform(0, 0.05, count),
        "volatility": generator.uniform(0.05, 0.8, count),
        "maturity": generator.uniform(0.05, 3, count),
    }


def test_every_function_of_the_file_is_bound_and_has_a_twin() -> None:
    mojo = patterns.module("black_scholes")
    assert mojo.skipped == {}
    assert mojo.compiled.diagnostics == ()
    for name in mojo.functions:
        assert callable(getattr(twin, name)), name


def test_known_values_come_out() -> None:
    # Hull, Options, Futures, and Other Derivatives: chapters on Black-Scholes-Merton and on the Greek letters.
    option = {"spot": 42.0, "strike": 40.0, "rate": 0.1, "volatility": 0.2, "maturity": 0.5}
    assert black_scholes.price(**option) == pytest.approx(4.76, abs=0.005)
    assert black_scholes.price(**option, kind="put") == pytest.approx(0.81, abs=0.005)
    option = {"spot": 49.0, "strike": 50.0, "rate": 0.05, "volatility": 0.2, "maturity": 0.3846}
    found = black_scholes.greeks(**option)
    assert found.delta == pytest.approx(0.522, abs=5e-4)
    assert found.gamma == pytest.approx(0.066, abs=5e-4)
    assert found.vega == pytest.approx(12.1, abs=0.05)
    assert found.theta == pytest.approx(-4.31, abs=0.005)
    assert found.rho == pytest.approx(8.91, abs=0.005)
    # At the money forward, a price is the forward's share that is within the spread of the distribution.
    normal = statistics.NormalDist()
    option = {"spot": 100.0, "strike": 100.0, "volatility": 0.3, "maturity": 4.0}
    assert black_scholes.price(**option) == pytest.approx(100 * (2 * normal.cdf(0.3) - 1), rel=1e-14)


@given(OPTIONS, KINDS)
@settings(max_examples=200)
def test_numbers_are_priced_as_by_the_twin(option: dict[str, float], kind: str) -> None:
    mojo = patterns.module("black_scholes")
    size = max(option["spot"], option["strike"]) * math.exp(0.3 * option["maturity"])
    arguments = in_order(option, kind)
    assert mojo.price(*arguments) == pytest.approx(
        max(twin.price(*arguments), 0.0), rel=1e-12, abs=1e-14 * size
    )
    ours, theirs = mojo.greeks(*arguments), twin.greeks(*arguments)
    for name, left, right in zip(black_scholes.Greeks._fields, ours, theirs, strict=True):
        assert left == pytest.approx(right, rel=1e-10, abs=1e-13 * size), name


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 16, 1003])
def test_arrays_are_priced_as_by_the_twin(count: int) -> None:
    options = many(count)
    kinds = np.where(np.arange(count) % 3 == 0, "put", "call")
    signs = np.where(kinds == "call", 1.0, -1.0)
    theirs = np.empty(count)
    twin.price_each(*options.values(), signs, theirs)
    ours = black_scholes.price(**options, kind=kinds)
    assert ours.shape == (count,)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=2e-13)
    all_theirs = np.empty(10 * count)
    twin.greeks_each(*options.values(), signs, all_theirs)
    found = black_scholes.greeks(**options, kind=kinds)
    np.testing.assert_allclose(np.concatenate(found), all_theirs, rtol=1e-11, atol=2e-12)
    if count:
        implied = black_scholes.implied_volatility(
            ours, **{name: value for name, value in options.items() if name != "volatility"}, kind=kinds
        )
        known = found.vega > 1e-3
        slack = 4e-14 * options["spot"] / np.maximum(found.vega, 1e-300)
        assert np.all(np.abs(implied - options["volatility"])[known] <= (1e-13 + slack)[known])
        # The twin's prices are exact to some 1e-14 of the spot, and its search to 1e-12.
        twin.implied_each(
            ours,
            *(value for name, value in options.items() if name != "volatility"),
            signs,
            theirs,
        )
        known = found.vega > 1
        np.testing.assert_allclose(implied[known], theirs[known], rtol=1e-9)


def test_a_vector_and_a_number_give_the_same() -> None:
    options = many(19)
    together = black_scholes.greeks(**options)
    for i in range(19):
        alone = black_scholes.greeks(**{name: value[i] for name, value in options.items()})
        assert isinstance(alone.price, float)
        for left, right in zip(together, alone, strict=True):
            assert left[i] == pytest.approx(right, rel=1e-14, abs=1e-15)


def test_arrays_are_broadcast_and_numbers_stay_numbers() -> None:
    spot, strike = np.array([90.0, 100.0, 110.0]), np.array([[95.0], [105.0]])
    found = black_scholes.price(spot=spot, strike=strike, volatility=0.2, maturity=1)
    assert found.shape == (2, 3)
    for i in range(2):
        for j in range(3):
            one = black_scholes.price(spot=spot[j], strike=strike[i, 0], volatility=0.2, maturity=1)
            assert found[i, j] == pytest.approx(one, rel=1e-14)
    greeks = black_scholes.greeks(spot=spot[::-1], strike=[100], volatility=0.2, maturity=1, kind="put")
    assert greeks.delta.shape == (3,)
    assert np.all(np.diff(greeks.delta) < 0)
    kinds = black_scholes.price(
        spot=100, strike=100, volatility=0.2, maturity=1, rate=0.1, kind=["call", "put"]
    )
    assert kinds[0] - kinds[1] == pytest.approx(100 - 100 * math.exp(-0.1), rel=1e-12)
    assert black_scholes.price(
        spot=np.float32(100), strike=np.int64(100), volatility=0.2, maturity=1
    ) == black_scholes.price(spot=100, strike=100.0, volatility=0.2, maturity=True)


@given(OPTIONS)
@settings(max_examples=200)
def test_calls_and_puts_keep_their_parity(option: dict[str, float]) -> None:
    call, put = (black_scholes.greeks(**option, kind=kind) for kind in ("call", "put"))
    t = option["maturity"]
    held = option["spot"] * math.exp(-option["dividend"] * t)
    paid = option["strike"] * math.exp(-option["rate"] * t)
    size = held + paid
    assert call.price - put.price == pytest.approx(held - paid, rel=1e-12, abs=1e-14 * size)
    assert call.delta - put.delta == pytest.approx(held / option["spot"], rel=1e-12)
    assert call.rho - put.rho == pytest.approx(t * paid, rel=1e-12)
    assert call.psi - put.psi == pytest.approx(-t * held, rel=1e-12)
    for name in ("gamma", "vega", "vanna", "volga"):
        assert getattr(call, name) == pytest.approx(getattr(put, name), rel=1e-9, abs=1e-15 * size)
    # Prices are within what no one could trade against.
    assert max(held - paid, 0) - 1e-13 * size <= call.price <= held
    assert max(paid - held, 0) - 1e-13 * size <= put.price <= paid


@given(OPTIONS, KINDS)
@settings(max_examples=100)
def test_greeks_are_the_slopes_of_the_price(option: dict[str, float], kind: str) -> None:
    found = black_scholes.greeks(**option, kind=kind)
    width = option["volatility"] * math.sqrt(option["maturity"])
    assume(0.05 < width < 2)

    def slope(name: str, of: str, step: float) -> float:
        values = []
        for shift in (-2, -1, 1, 2):
            moved = option | {name: option[name] + shift * step}
            values.append(getattr(black_scholes.greeks(**moved, kind=kind), of))
        return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)

    spot, sigma, t = (option[name] for name in ("spot", "volatility", "maturity"))
    up = 1e-3 * width * spot
    size = spot + option["strike"]
    growth = math.exp(0.3 * t)
    for name, what, of, step, scale in [
        ("delta", "spot", "price", up, 1),
        ("gamma", "spot", "delta", up, 1 / up),
        ("vega", "volatility", "price", 1e-3 * sigma, size * t),
        ("rho", "rate", "price", 1e-4, size * t),
        ("psi", "dividend", "price", 1e-4, size * t),
        ("vanna", "volatility", "delta", 1e-3 * sigma, 1 / sigma),
        ("volga", "volatility", "vega", 1e-3 * sigma, size / sigma**2),
    ]:
        assert getattr(found, name) == pytest.approx(
            slope(what, of, step), rel=1e-6, abs=1e-7 * scale * growth
        ), name
    assert found.theta == pytest.approx(
        -slope("maturity", "price", 1e-3 * t), rel=1e-6, abs=1e-7 * size * growth / t
    )
    assert found.charm == pytest.approx(
        -slope("maturity", "delta", 1e-3 * t), rel=1e-6, abs=1e-7 * growth / t
    )


@given(
    st.floats(-1, 1),
    st.floats(1e-4, 4),
    st.floats(0.01, 5),
    st.tuples(st.floats(-0.05, 0.1), st.floats(-0.05, 0.1)),
    KINDS,
)
@settings(max_examples=300)
def test_implied_volatilities_give_the_price_again(
    distance: float, width: float, maturity: float, rates: tuple[float, float], kind: str
) -> None:
    rate, dividend = rates
    spot, sigma = 100.0, width / math.sqrt(maturity)
    strike = spot * math.exp((rate - dividend) * maturity - distance * max(6 * width, 0.01))
    option = {
        "spot": spot,
        "strike": strike,
        "maturity": maturity,
        "rate": rate,
        "dividend": dividend,
        "kind": kind,
    }
    found = black_scholes.greeks(**option, volatility=sigma)
    held, paid = spot * math.exp(-dividend * maturity), strike * math.exp(-rate * maturity)
    sign = 1 if kind == "call" else -1
    most = held if kind == "call" else paid
    size = max(held, paid)
    inside = found.price - max(sign * (held - paid), 0)
    # Where no digit of the price depends on the volatility any more, none can be found.
    assume(inside > 1e-14 * size)
    assume(most - found.price > 1e-14 * size)
    implied = black_scholes.implied_volatility(found.price, **option)
    # As exact as a price can tell that is rounded, of a spot that is rounded.
    doubt = 1e-13 * found.price + 1e-15 * spot * abs(found.delta)
    if sign * (held - paid) > -1e-3 * size:
        doubt += 2e-14 * size  # most of the price is no matter of chance
    assert abs(implied - sigma) <= 1e-12 * sigma + doubt / found.vega


def test_implied_volatilities_of_the_smallest_prices() -> None:
    for sigma in (0.02, 0.05, 0.1):
        option = {"spot": 100.0, "strike": 100 * math.exp(25 * sigma), "maturity": 1.0}
        price = black_scholes.price(**option, volatility=sigma)
        assert 0 < price < 1e-120
        assert black_scholes.implied_volatility(price, **option) == pytest.approx(sigma, rel=1e-12)


def test_prices_that_no_volatility_gives_imply_none() -> None:
    option = {"spot": 100.0, "strike": 90.0, "maturity": 1.0, "rate": 0.05}
    least = 100 - 90 * math.exp(-0.05)
    prices = [least - 0.01, least, least + 0.01, 99.99, 100.0, 101.0, math.nan, -1.0]
    found = black_scholes.implied_volatility(prices, **option)
    assert np.isnan(found).tolist() == [True, False, False, False, True, True, True, True]
    assert found[1] == 0
    assert 0 < found[2] < found[3]
    assert [black_scholes.implied_volatility(price, **option) for price in prices[1:4]] == pytest.approx(
        found[1:4].tolist(), rel=1e-12
    )
    assert black_scholes.implied_volatility(0.0, **(option | {"strike": 120.0})) == 0
    assert math.isnan(black_scholes.implied_volatility(10.0, **(option | {"maturity": 0.0})))


@pytest.mark.parametrize("which", ["volatility", "maturity"])
@pytest.mark.parametrize("kind", ["call", "put"])
def test_without_chance_an_option_is_its_payoff(which: str, kind: str) -> None:
    sign = 1 if kind == "call" else -1
    for strike in (80.0, 130.0):
        option = OPTION | {which: 0.0, "strike": strike}
        t = option["maturity"]
        held, paid = 100 * math.exp(-0.01 * t), strike * math.exp(-0.03 * t)
        found = black_scholes.greeks(**option, kind=kind)
        assert found.price == pytest.approx(max(sign * (held - paid), 0), rel=1e-14)
        assert black_scholes.price(**option, kind=kind) == found.price
        assert found.delta == pytest.approx(sign * held / 100 if sign * (held - paid) > 0 else 0, rel=1e-14)
        assert found.gamma == found.vega == found.vanna == found.volga == 0
        assert all(math.isfinite(value) for value in found)
    at = black_scholes.greeks(spot=100, strike=100, volatility=0.2, maturity=0, kind=kind)
    assert at.price == 0
    assert at.delta == sign * 0.5
    assert all(math.isfinite(value) for value in at)


@pytest.mark.parametrize(
    "change",
    [
        {"spot": 0.0},
        {"spot": -1.0},
        {"strike": 0.0},
        {"volatility": -0.1},
        {"maturity": -1.0},
        {"rate": math.nan},
        {"dividend": math.inf},
        {"spot": math.inf},
        {"volatility": math.inf},
    ],
)
def test_what_is_no_option_is_nan_and_its_neighbours_are_not(change: dict[str, float]) -> None:
    wrong = OPTION | change
    assert math.isnan(black_scholes.price(**wrong))
    assert all(math.isnan(value) for value in black_scholes.greeks(**wrong))
    columns = {name: np.array([OPTION[name]] * 4 + [wrong[name]] + [OPTION[name]] * 12) for name in NAMES}
    for values in black_scholes.greeks(**columns):
        assert np.flatnonzero(np.isnan(values)).tolist() == [4]


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="kind must be 'call' or 'put', not 'straddle'"):
        black_scholes.price(**OPTION, kind="straddle")
    with pytest.raises(ValueError, match=r"kind must be 'call' or 'put', not .*'bet'"):
        black_scholes.price(**OPTION, kind=["call", "bet"])
    with pytest.raises(TypeError, match="options are of real numbers, not of complex128"):
        black_scholes.price(**(OPTION | {"spot": 1j}))
    with pytest.raises(TypeError, match="options are of real numbers, not of <U3"):
        black_scholes.price(**(OPTION | {"spot": "100"}))
    with pytest.raises(ValueError, match="shape mismatch"):
        black_scholes.price(**(OPTION | {"spot": np.ones(3), "strike": np.ones(4)}))
    one, two, out = np.ones(1), np.ones(2), np.ones(5)
    with pytest.raises(MojoRuntimeError, match="an array has 2 elements where there are 5 options"):
        patterns.module("black_scholes").price_each(one, two, one, one, one, one, one, out)
