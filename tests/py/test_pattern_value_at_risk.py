"""Value at risk in Mojo: NumPy's quantiles, the twin's results, and what holds for every risk."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mojocell import patterns
from mojocell.patterns import value_at_risk
from mojocell.patterns.value_at_risk import Risk, twin

pytestmark = pytest.mark.usefixtures("service")

LEVELS = st.floats(0.5, 0.999)
FINITE = st.floats(-1, 1, allow_subnormal=False)
SERIES = hnp.arrays(np.float64, st.integers(1, 300), elements=FINITE)
NORMAL = statistics.NormalDist()


def heavy(count: int, *shape: int) -> np.ndarray:
    return 0.01 * np.random.default_rng(count).standard_t(4, (count, *shape))


def close(ours: Risk, theirs: tuple) -> None:
    np.testing.assert_allclose(ours.value_at_risk, theirs[0], rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(ours.expected_shortfall, theirs[1], rtol=1e-11, atol=1e-14)


def test_every_function_of_the_file_is_bound_and_has_a_twin() -> None:
    mojo = patterns.module("value_at_risk")
    assert mojo.skipped == {}
    assert mojo.compiled.diagnostics == ()
    for name in mojo.functions:
        assert callable(getattr(twin, name)), name


@given(SERIES, LEVELS)
@settings(max_examples=150)
def test_the_historical_value_at_risk_is_numpys_quantile(returns: np.ndarray, level: float) -> None:
    found = value_at_risk.historical(returns, level)
    assert found.value_at_risk == pytest.approx(-np.quantile(returns, 1 - level), rel=1e-11, abs=1e-14)
    close(found, twin.historical(returns, level))
    worst = np.sort(returns)
    # The definition, as an integral over the share of what is worse.
    share = returns.size * (1 - level)
    parts = np.clip(share - np.arange(returns.size), 0, 1)
    assert found.expected_shortfall == pytest.approx(-(worst @ parts) / share, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("count", [1, 2, 20, 4095, 4096, 4100, 50_000, 300_001])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 0.9999])
def test_long_series_are_as_by_the_twin(count: int, level: float) -> None:
    returns = heavy(count)
    before = returns.copy()
    close(value_at_risk.historical(returns, level), twin.historical(returns, level))
    if count > 1:
        close(value_at_risk.parametric(returns, level), twin.parametric(returns, level))
    assert np.array_equal(returns, before)


@pytest.mark.parametrize(
    "returns",
    [
        np.zeros(10_000),
        np.repeat([-0.02, 0.0, 0.01], 5000),
        np.sort(heavy(20_000)),
        np.sort(heavy(20_000))[::-1].copy(),
        # What a sample of every 64th sees is not what there is.
        np.where(np.arange(64_000) % 64 == 0, -0.5, heavy(64_000)),
        np.where(np.arange(64_000) % 64 == 0, 0.5, heavy(64_000)),
        # The pattern that makes a median of three a bad pivot.
        np.concatenate([np.arange(2048.0), np.arange(2048.0)[::-1]]),
    ],
    ids=["equal", "three values", "sorted", "falling", "sample too low", "sample too high", "organ pipe"],
)
def test_series_that_mislead_a_sample_or_a_pivot_are_as_by_the_twin(returns: np.ndarray) -> None:
    for level in (0.9, 0.99):
        close(value_at_risk.historical(returns, level), twin.historical(returns, level))


@given(SERIES, st.lists(LEVELS, min_size=1, max_size=5))
@settings(max_examples=100)
def test_several_levels_are_each_by_itself_in_any_order(returns: np.ndarray, levels: list[float]) -> None:
    together = value_at_risk.historical(returns, levels)
    for i, level in enumerate(levels):
        alone = value_at_risk.historical(returns, level)
        assert together.value_at_risk[i] == pytest.approx(alone.value_at_risk, rel=1e-12, abs=1e-15)
        assert together.expected_shortfall[i] == pytest.approx(alone.expected_shortfall, rel=1e-12, abs=1e-15)


@given(SERIES, LEVELS, st.floats(0.1, 10), FINITE)
@settings(max_examples=100)
def test_risks_scale_shift_and_keep_their_order(
    returns: np.ndarray, level: float, scale: float, shift: float
) -> None:
    for function in (value_at_risk.historical, value_at_risk.parametric):
        if returns.size < 2 and function is value_at_risk.parametric:
            continue
        found = function(returns, level)
        assert found.expected_shortfall >= found.value_at_risk - 1e-12
        moved = function(scale * returns + shift, level)
        for before, after in zip(found, moved, strict=True):
            assert after == pytest.approx(scale * before - shift, rel=1e-9, abs=1e-9)
        stricter = function(returns, (1 + level) / 2)
        assert stricter.value_at_risk >= found.value_at_risk - 1e-12


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(2, 60), st.just(2)), elements=FINITE),
    LEVELS,
    st.floats(0, 1),
)
@settings(max_examples=100)
def test_a_portfolio_has_no_more_shortfall_than_its_parts(
    returns: np.ndarray, level: float, share: float
) -> None:
    held = np.array([share, 1 - share])
    for function in (value_at_risk.historical, value_at_risk.parametric):
        alone = function(returns, level).expected_shortfall
        together = function(returns, level, weights=held).expected_shortfall
        assert together <= held @ alone + 1e-12


def test_the_parametric_risk_is_that_of_the_normal_distribution() -> None:
    returns = heavy(1000)
    mean, deviation = returns.mean(), returns.std(ddof=1)
    for level in (0.5, 0.9, 0.99):
        z = NORMAL.inv_cdf(1 - level)
        found = value_at_risk.parametric(returns, level)
        assert found.value_at_risk == pytest.approx(-(mean + deviation * z), rel=1e-12)
        known = -mean + deviation * NORMAL.pdf(z) / (1 - level)
        assert found.expected_shortfall == pytest.approx(known, rel=1e-12)
    # Well known: of the standard normal distribution, 1.645 and 2.063 at 95 %.
    two = np.array([-1.0, 1.0]) / math.sqrt(2)
    assert value_at_risk.parametric(two, 0.95) == pytest.approx((1.6448536, 2.0627128), abs=1e-6)


@given(st.floats(1e-300, 1, exclude_max=True))
@settings(max_examples=200)
def test_normal_quantiles_are_pythons(share: float) -> None:
    found = patterns.module("value_at_risk").normal_quantile(share)
    assert found == pytest.approx(NORMAL.inv_cdf(share), rel=1e-11, abs=1e-15)


def test_deviations_do_not_drown_in_the_mean() -> None:
    returns = 1e6 + heavy(10_000)
    found = value_at_risk.parametric(returns, 0.99)
    known = twin.parametric(returns - 1e6, 0.99)
    assert found.value_at_risk + 1e6 == pytest.approx(known[0], rel=1e-6)


def test_shapes_are_levels_then_assets_or_portfolios() -> None:
    returns = heavy(500, 3)
    for function in (value_at_risk.historical, value_at_risk.parametric):
        one = function(returns[:, 0])
        assert all(isinstance(part, float) for part in one)
        assert function(returns[:, 0], [0.9, 0.99]).value_at_risk.shape == (2,)
        assets = function(returns, [0.9, 0.95])
        assert assets.value_at_risk.shape == assets.expected_shortfall.shape == (2, 3)
        assert assets.value_at_risk[1, 0] == one.value_at_risk
        held = np.array([0.5, 0.3, 0.2])
        assert isinstance(function(returns, weights=held).value_at_risk, float)
        several = function(returns, [0.9, 0.95], weights=np.array([held, [0, 1, 0]]))
        assert several.value_at_risk.shape == (2, 2)
        np.testing.assert_allclose(several.value_at_risk[:, 1], assets.value_at_risk[:, 1], rtol=1e-12)
        close(function(returns, 0.95, weights=held), function(returns @ held, 0.95))
        for other in (np.asfortranarray(returns), pd.DataFrame(returns), returns.tolist(), returns[::-1]):
            close(function(other, 0.95), function(returns, 0.95))
        assert function(returns, []).value_at_risk.shape == (0, 3)
        assert function(np.empty((5, 0))).value_at_risk.shape == (0,)


def test_one_period_has_a_history_and_no_deviation() -> None:
    assert value_at_risk.historical([-0.03], 0.99) == pytest.approx((0.03, 0.03))
    found = value_at_risk.historical([[-0.03, 0.01]], 0.99)
    np.testing.assert_allclose(found.expected_shortfall, [0.03, -0.01])
    with pytest.raises(ValueError, match="at least 2 returns are needed, and there are 1"):
        value_at_risk.parametric([-0.03])
    same = value_at_risk.parametric([0.01, 0.01, 0.01])
    assert same == pytest.approx((-0.01, -0.01))


def test_nan_is_refused_or_left_out() -> None:
    returns = heavy(5000, 2)
    returns[[3, 700, 4999], 0] = math.nan
    there = ~np.isnan(returns[:, 0])
    for function in (value_at_risk.historical, value_at_risk.parametric):
        with pytest.raises(ValueError, match="3 of the returns are NaN; nan='omit' leaves them out"):
            function(returns)
        found = function(returns, [0.9, 0.99], nan="omit")
        for asset, rows in ((0, there), (1, slice(None))):
            close(
                Risk(found.value_at_risk[:, asset], found.expected_shortfall[:, asset]),
                function(returns[rows, asset], [0.9, 0.99]),
            )
        held = [0.5, 0.5]
        close(function(returns, weights=held, nan="omit"), function(returns[there], weights=held))
        with pytest.raises(ValueError, match=r"at least \d returns are needed, and there are 0"):
            function([math.nan, math.nan], nan="omit")
    mojo = patterns.module("value_at_risk")
    assert all(math.isnan(value) for value in mojo.historical(returns[:, 0].copy(), 0.95))
    assert all(math.isnan(value) for value in mojo.historical(np.empty(0), 0.95))


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (([],), ValueError, "at least . returns are needed, and there are 0"),
        ((np.empty((0, 3)),), ValueError, "at least . returns are needed, and there are 0"),
        (([0.1, math.inf],), ValueError, "returns must be finite"),
        (([0.1, -math.inf],), ValueError, "returns must be finite"),
        (([0.1, 0.2], 95), ValueError, "confidence must be above 0 and below 1, not 95"),
        (([0.1, 0.2], [0.9, 1.0]), ValueError, "confidence must be above 0 and below 1, not 1"),
        (([0.1, 0.2], math.nan), ValueError, "confidence must be above 0 and below 1, not nan"),
        ((["a", "b"],), TypeError, "returns must be real numbers, not <U1"),
        ((np.ones((2, 2, 2)),), ValueError, "returns must have one or two dimensions, not 3"),
        ((0.1,), ValueError, "returns must have one or two dimensions, not 0"),
    ],
)
def test_arguments_are_checked(arguments: tuple, kind: type[Exception], words: str) -> None:
    for function in (value_at_risk.historical, value_at_risk.parametric):
        with pytest.raises(kind, match=words):
            function(*arguments)


def test_weights_and_what_to_do_about_nan_are_checked() -> None:
    for function in (value_at_risk.historical, value_at_risk.parametric):
        with pytest.raises(
            ValueError, match=r"weights of shape \(2,\) do not go with returns of shape \(4, 3\)"
        ):
            function(np.ones((4, 3)), weights=[1, 1])
        with pytest.raises(
            ValueError, match=r"weights of shape \(1,\) do not go with returns of shape \(4,\)"
        ):
            function(np.ones(4), weights=[1])
        with pytest.raises(ValueError, match="nan must be 'raise' or 'omit', not 'drop'"):
            function(np.ones(4), nan="drop")
