"""Rolling windows in Mojo: pandas' results, the twin's, and windows looked at by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mojocell import patterns
from mojocell.patterns import rolling
from mojocell.patterns.rolling import twin

pytestmark = pytest.mark.usefixtures("service")

VALUES = st.one_of(st.floats(-1e6, 1e6, allow_subnormal=False), st.sampled_from([np.nan, np.inf, 0.0, 1.0]))
SERIES = hnp.arrays(np.float64, st.integers(0, 80), elements=VALUES)


def test_every_function_of_the_file_is_bound_and_has_a_twin() -> None:
    mojo = patterns.module("rolling")
    assert mojo.skipped == {}
    assert mojo.compiled.diagnostics == ()
    for name in mojo.functions:
        assert callable(getattr(twin, name)), name


@given(SERIES, st.integers(1, 90), st.data())
@settings(max_examples=150)
def test_windows_are_as_by_the_twin(values: np.ndarray, window: int, data: st.DataObject) -> None:
    least = data.draw(st.integers(0, window))
    ddof = data.draw(st.integers(0, 2))
    size = values.size
    means, deviations, found = np.empty(size), np.empty(size), np.empty(size)
    if size:
        twin.moments_each(values, size, window, least, ddof, means, deviations)
    big = np.nanmax(np.abs(np.where(np.isfinite(values), values, 0)), initial=1.0)
    np.testing.assert_allclose(rolling.mean(values, window, least=least), means, atol=1e-13 * big)
    np.testing.assert_allclose(
        rolling.std(values, window, least=least, ddof=ddof), deviations, rtol=1e-6, atol=1e-7 * big
    )
    for function, lowest in ((rolling.minimum, True), (rolling.maximum, False)):
        if size:
            twin.extremes_each(values, size, window, least, lowest, found)
        np.testing.assert_array_equal(function(values, window, least=least), found)


@pytest.mark.parametrize("window", [1, 2, 7, 100, 5000])
@pytest.mark.parametrize("least", [None, 1])
def test_columns_are_as_by_pandas(window: int, least: int | None) -> None:
    table = np.random.default_rng(window).normal(size=(3000, 4)).cumsum(axis=0)
    table[::17, 1] = np.nan
    table[100:900, 2] = np.nan
    table[5, 3] = np.inf
    theirs = pd.DataFrame(table).replace(np.inf, np.nan).rolling(window, min_periods=least)
    pairs: list[tuple[Callable[..., Any], Any]] = [
        (rolling.mean, theirs.mean()),
        (rolling.std, theirs.std()),
        (rolling.minimum, theirs.min()),
        (rolling.maximum, theirs.max()),
    ]
    for function, expected in pairs:
        for given_as in (
            table,
            np.asfortranarray(table),
            pd.DataFrame(table),
            np.repeat(table, 2, axis=1)[:, ::2],
        ):
            np.testing.assert_allclose(
                function(given_as, window, least=least), expected.to_numpy(), rtol=1e-9, atol=1e-9
            )


def test_far_from_zero_it_is_more_exact_than_pandas() -> None:
    values = 1e9 + np.random.default_rng(1).normal(size=5000)
    exact = np.array([np.std(values[i - 19 : i + 1] - 1e9, ddof=1) for i in range(19, 5000)])
    ours = np.abs(rolling.std(values, 20)[19:] - exact).max()
    theirs = np.abs(pd.Series(values).rolling(20).std().to_numpy()[19:] - exact).max()
    assert ours < 1e-7
    assert ours <= theirs


def test_rounding_does_not_add_up() -> None:
    values = np.tile([1e8, -1e8, 1e-8], 100_000)
    assert np.abs(rolling.mean(values, 3)[2:] - 1e-8 / 3).max() < 1e-7


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(0, 40), st.integers(0, 3)), elements=VALUES),
    st.integers(0, 2),
)
def test_scores_are_as_by_the_twin(values: np.ndarray, ddof: int) -> None:
    found = np.empty(values.size)
    columns = np.ascontiguousarray(values.T)
    if values.size:
        twin.scores_each(columns.reshape(-1), values.shape[0], ddof, found)
    expected = found.reshape(columns.shape).T
    ours = rolling.zscore(values, ddof=ddof)
    # Where all values are one, a rounding decides whether they deviate.
    spread = np.nanstd(np.where(np.isfinite(values), values, np.nan), axis=0) if values.size else np.zeros(0)
    clear = spread > 1e-9 * np.nanmax(np.abs(np.where(np.isfinite(values), values, 0)), initial=1.0)
    np.testing.assert_allclose(ours[:, clear], expected[:, clear], rtol=1e-6, atol=1e-7)


def test_rolling_scores_are_made_of_means_and_deviations() -> None:
    values = np.random.default_rng(1).normal(size=500)
    expected = (values - rolling.mean(values, 20)) / rolling.std(values, 20)
    np.testing.assert_array_equal(rolling.rolling_zscore(values, 20), expected)
    assert np.isnan(rolling.rolling_zscore(np.ones(30), 5)).all()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: rolling.mean([1.0], 0), ValueError, "window must be at least 1"),
        (lambda: rolling.mean([1.0], 2, least=3), ValueError, "least must be at least 0 and at most 2"),
        (lambda: rolling.std([1.0], 2, ddof=-1), ValueError, "ddof must be at least 0"),
        (lambda: rolling.mean(np.zeros((2, 2, 2)), 2), TypeError, "one or two dimensions, not 3 dimensions"),
        (lambda: rolling.mean(["a"], 2), TypeError, "values must be real numbers"),
        (lambda: rolling.mean([1j], 2), TypeError, "values must be real numbers"),
        (lambda: rolling.mean([1.0], 2.5), TypeError, "window must be an int"),
    ],
)
def test_what_is_no_window_is_refused(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_empty_columns_stay_empty() -> None:
    assert rolling.mean(np.empty((0, 3)), 2).shape == (0, 3)
    assert rolling.zscore([]).shape == (0,)
    assert rolling.maximum(np.empty((3, 0)), 2).shape == (3, 0)
