"""Monte Carlo in Mojo: NumPy's random numbers, the twin's results, and what is known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mojocell import patterns
from mojocell.patterns import monte_carlo
from mojocell.patterns.monte_carlo import twin

pytestmark = pytest.mark.usefixtures("service")

WORDS = st.integers(0, 2**64 - 1)
OPTION = {"spot": 100.0, "strike": 105.0, "rate": 0.03, "dividend": 0.01, "volatility": 0.2, "maturity": 1.5}
ORDER = ("spot", "strike", "rate", "dividend", "volatility", "maturity")


@pytest.fixture(scope="module")
def mojo(service: object) -> object:
    return patterns.module("monte_carlo")


def black_scholes(kind: str = "call", **option: float) -> float:
    spot, strike, rate, dividend, volatility, maturity = (option[name] for name in ORDER)

    def normal(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2))

    width = volatility * math.sqrt(maturity)
    d = (math.log(spot / strike) + (rate - dividend) * maturity) / width
    sign = 1 if kind == "call" else -1
    return sign * (
        spot * math.exp(-dividend * maturity) * normal(sign * (d + width / 2))
        - strike * math.exp(-rate * maturity) * normal(sign * (d - width / 2))
    )


def test_every_function_of_the_file_is_bound_and_has_a_twin(mojo) -> None:
    assert mojo.skipped == {}
    assert mojo.compiled.diagnostics == ()
    for name in mojo.functions:
        assert callable(getattr(twin, name)), name


@given(WORDS, WORDS, st.integers(0, 200))
@settings(max_examples=50)
def test_uniform_numbers_are_numpys_to_the_bit(seed: int, stream: int, count: int) -> None:
    theirs = np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64))).random(count)
    assert np.array_equal(monte_carlo.uniforms(count, seed=seed, stream=stream), theirs)


def test_uniform_numbers_do_not_depend_on_how_many_are_asked_for() -> None:
    many = monte_carlo.uniforms(1000, seed=3)
    for count in (1, 31, 32, 33, 63, 64, 65, 999):
        assert np.array_equal(monte_carlo.uniforms(count, seed=3), many[:count])


@given(WORDS, st.integers(0, 200))
@settings(max_examples=50)
def test_normal_numbers_are_those_of_the_twin(seed: int, count: int) -> None:
    theirs = np.empty(count)
    twin.normals(seed, 0, theirs)
    np.testing.assert_allclose(monte_carlo.normals(count, seed=seed), theirs, rtol=1e-13, atol=4e-15)


def test_normal_numbers_are_normal() -> None:
    z = np.sort(monte_carlo.normals(1_000_000, seed=11))
    assert abs(z.mean()) < 4e-3
    assert abs(np.mean(z**2) - 1) < 6e-3
    assert abs(np.mean(z**3)) < 0.02
    assert abs(np.mean(z**4) - 3) < 0.05
    # Kolmogorov's distance, whose 99.9 % quantile is 1.95 over the square root of the count.
    known = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in z[::100]])
    assert np.max(np.abs(known - np.arange(0, z.size, 100) / z.size)) < 1.95e-3


@given(WORDS, WORDS, st.integers(2, 500))
@settings(max_examples=50)
def test_as_many_points_are_inside_as_for_the_twin(seed: int, stream: int, samples: int) -> None:
    inside = patterns.module("monte_carlo").pi_inside(seed, samples, stream)
    assert inside == twin.pi_inside(seed, samples, stream)


def test_pi_is_within_its_error_and_converges() -> None:
    errors = []
    for samples in (10_000, 1_000_000, 4_000_000):
        found = monte_carlo.pi(samples, seed=1)
        assert abs(found.value - math.pi) < 4 * found.error
        assert found == monte_carlo.pi(samples, seed=1)
        assert found != monte_carlo.pi(samples, seed=1, stream=1)
        errors.append(found.error)
    assert errors[0] / errors[2] == pytest.approx(20, rel=0.05)


def test_streams_are_independent() -> None:
    first, second = (monte_carlo.normals(100_000, seed=5, stream=stream) for stream in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.015


@pytest.mark.parametrize("antithetic", [False, True])
@pytest.mark.parametrize("control", [False, True])
@pytest.mark.parametrize("call", [False, True])
@pytest.mark.parametrize("samples", [3, 31, 1000])
def test_options_are_priced_as_by_the_twin(
    mojo, antithetic: bool, control: bool, call: bool, samples: int
) -> None:
    option = (*(OPTION[name] for name in ORDER), call, antithetic, control)
    ours, theirs = mojo.european(9, samples, *option), twin.european(9, samples, *option)
    assert ours == pytest.approx(theirs, rel=1e-10, abs=1e-11)
    for dates in (1, 4, 7, 12):
        ours, theirs = mojo.asian(9, samples, dates, *option), twin.asian(9, samples, dates, *option)
        assert ours[0] == pytest.approx(theirs[0], rel=1e-9)
        # Over one date the control is the payoff itself: of a variance that vanishes, rounding is left.
        rest = 1e-7 if control and dates == 1 else 1e-9
        assert ours[1] == pytest.approx(theirs[1], rel=1e-9, abs=rest)


def test_paths_are_those_of_the_twin_beyond_one_of_its_chunks(mojo) -> None:
    option = (*(OPTION[name] for name in ORDER), True, True, False)
    ours, theirs = mojo.asian(9, 2500, 5, *option, stream=4), twin.asian(9, 2500, 5, *option, stream=4)
    assert ours == pytest.approx(theirs, rel=1e-10)


@given(
    st.fixed_dictionaries(
        {
            "spot": st.floats(1, 1000),
            "strike": st.floats(0.5, 2),
            "rate": st.floats(-0.05, 0.2),
            "dividend": st.floats(0, 0.1),
            "volatility": st.floats(0.01, 1),
            "maturity": st.floats(0.01, 5),
        }
    ),
    st.sampled_from(["call", "put"]),
)
@settings(max_examples=60)
def test_european_options_are_within_their_error_of_the_known_price(
    option: dict[str, float], kind: str
) -> None:
    option["strike"] *= option["spot"]
    found = monte_carlo.european(20_000, **option, kind=kind, seed=1)
    known = black_scholes(kind, **option)
    # An option that no sample reaches has no error to go by; it is worth next to nothing then.
    assert abs(found.value - known) < 6 * found.error + 2e-4 * option["spot"]


@pytest.mark.parametrize("kind", ["call", "put"])
def test_variance_is_reduced_and_the_error_is_what_repetition_shows(kind: str) -> None:
    known = black_scholes(kind, **OPTION)
    errors = {}
    for antithetic in (False, True):
        for control in (False, True):
            found = [
                monte_carlo.european(
                    2000, **OPTION, kind=kind, antithetic=antithetic, control=control, stream=i
                )
                for i in range(200)
            ]
            values = np.array([each.value for each in found])
            told = np.mean([each.error for each in found])
            assert values.std(ddof=1) == pytest.approx(told, rel=0.25)
            assert abs(values.mean() - known) < 4 * told / math.sqrt(200)
            errors[antithetic, control] = told
    assert errors[True, False] < errors[False, False]
    assert errors[False, True] < errors[False, False]
    assert errors[True, True] < 0.5 * errors[False, False]


def test_an_option_on_the_mean_over_one_date_is_european() -> None:
    assert monte_carlo.geometric_asian(1, **OPTION) == pytest.approx(black_scholes(**OPTION), rel=1e-13)
    found = monte_carlo.asian(100_000, 1, **OPTION)
    # With one date both means are the same: the control knows all.
    assert found.value == pytest.approx(black_scholes(**OPTION), rel=1e-9)
    assert found.error < 1e-6


def test_asian_options_agree_with_and_without_what_reduces_the_variance() -> None:
    plain = monte_carlo.asian(200_000, 12, **OPTION, antithetic=False, control=False)
    best = monte_carlo.asian(200_000, 12, **OPTION, seed=1)
    assert abs(plain.value - best.value) < 4 * plain.error
    assert best.error < plain.error / 20
    geometric = monte_carlo.geometric_asian(12, **OPTION)
    assert geometric < best.value < black_scholes(**OPTION)


def test_asian_calls_and_puts_keep_their_parity() -> None:
    call, put = (monte_carlo.asian(50_000, 12, **OPTION, kind=kind, seed=4) for kind in ("call", "put"))
    growth = OPTION["rate"] - OPTION["dividend"]
    times = OPTION["maturity"] * np.arange(1, 13) / 12
    mean = OPTION["spot"] * np.exp(growth * times).mean()
    known = math.exp(-OPTION["rate"] * OPTION["maturity"]) * (mean - OPTION["strike"])
    assert abs(call.value - put.value - known) < 4 * (call.error + put.error)


@pytest.mark.parametrize("which", ["volatility", "maturity"])
@pytest.mark.parametrize("kind", ["call", "put"])
def test_without_chance_the_price_is_exact(which: str, kind: str) -> None:
    option = OPTION | {which: 0.0, "strike": 90.0 if kind == "call" else 120.0}
    sign = 1 if kind == "call" else -1
    t = option["maturity"]
    forward = option["spot"] * math.exp((option["rate"] - option["dividend"]) * t)
    known = math.exp(-option["rate"] * t) * sign * (forward - option["strike"])
    found = monte_carlo.european(1000, **option, kind=kind)
    assert found == pytest.approx((known, 0), rel=1e-12, abs=1e-12)
    assert monte_carlo.asian(1000, 1, **option, kind=kind) == pytest.approx((known, 0), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"spot": 0}, ValueError, "spot must be above 0, not 0"),
        ({"strike": -1}, ValueError, "strike must be above 0, not -1"),
        ({"volatility": -0.1}, ValueError, "volatility must be at least 0, not -0.1"),
        ({"volatility": math.nan}, ValueError, "volatility must be at least 0, not nan"),
        ({"rate": math.inf}, ValueError, "rate must be finite, not inf"),
        ({"maturity": "1"}, TypeError, "maturity must be a number, not str"),
        ({"kind": "straddle"}, ValueError, "kind must be 'call' or 'put', not 'straddle'"),
        ({"samples": 2}, ValueError, "samples must be at least 3, not 2"),
        ({"samples": 1e6}, TypeError, "samples must be an int, not float"),
        ({"seed": -1}, ValueError, "seed must be at least 0, not -1"),
        ({"stream": 2**64}, ValueError, "stream must be at least 0 and at most 18446744073709551615, not "),
    ],
)
def test_arguments_are_checked(change: dict, kind: type[Exception], words: str) -> None:
    arguments = {"samples": 100, **OPTION, **change}
    for function in (monte_carlo.european, lambda samples, **rest: monte_carlo.asian(samples, 4, **rest)):
        with pytest.raises(kind) as caught:
            function(arguments["samples"], **{k: v for k, v in arguments.items() if k != "samples"})
        assert str(caught.value).startswith(words)


def test_numpys_scalars_are_numbers() -> None:
    option = {name: np.float64(value) for name, value in OPTION.items()}
    assert monte_carlo.european(np.int64(100), **option) == monte_carlo.european(100, **OPTION)


def test_a_pattern_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="there is no pattern 'secret'"):
        patterns.source("secret")
    with pytest.raises(AttributeError, match="no attribute 'astrology'"):
        patterns.astrology  # noqa: B018
    assert "monte_carlo" in dir(patterns)
