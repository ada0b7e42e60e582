"""`compare`: equal results first, then times."""

from __future__ import annotations

import gc
import time

import numpy as np
import pytest

from mojocell.comparison import compare


def test_times_both_and_tells_the_ratio() -> None:
    def slow(n: int) -> int:
        time.sleep(0.004)
        return n

    def fast(n: int) -> int:
        time.sleep(0.001)
        return n

    found = compare(slow, fast, args=(3,), rounds=5)
    assert found.value == 3
    assert 2 < found.speedup < 5
    assert "slow" in repr(found) and "fast" in repr(found) and "times" in repr(found)
    assert found.rows[0].python.low <= found.rows[0].python.median <= found.rows[0].python.high


def test_sizes_with_a_maker() -> None:
    made: list[int] = []

    def make(n: int) -> tuple[np.ndarray]:
        made.append(n)
        return (np.random.default_rng().random(n),)

    found = compare(lambda x: float(sum(x)), lambda x: float(np.sum(x)), sizes=[10, 1000], make=make)
    assert [row.size for row in found.rows] == [10, 1000]
    assert [line["size"] for line in found.table] == [10, 1000]
    assert made == [10, 1000]
    assert "1,000" in found._repr_html_() and "<table" in found._mime_()[1]


def test_a_size_is_the_argument_without_a_maker() -> None:
    assert compare(lambda n: n * 2, lambda n: n + n, sizes=[1, 2], rounds=1).value == 4


@pytest.mark.parametrize(
    ("python", "mojo", "words"),
    [
        (lambda: 1, lambda: 2, "Python gives 1, Mojo 2"),
        (lambda: [1, 2], lambda: [1, 3], "at 1, Python gives 2, Mojo 3"),
        (lambda: (1,), lambda: (1, 2), "Python gives 1 values, Mojo 2"),
        (lambda: "a", lambda: "b", "Python gives 'a', Mojo 'b'"),
        (lambda: np.zeros(3), lambda: np.array([0, 0, 1.0]), "at 2, Python gives 0.0, Mojo 1.0"),
        (lambda: np.zeros(3), lambda: np.zeros(4), r"shape \(3,\), Mojo \(4,\)"),
        (lambda: float("nan"), lambda: 1.0, "Python gives nan"),
        (lambda: None, lambda: 0, "Python gives None, Mojo 0"),
    ],
)
def test_a_difference_is_told_and_nothing_timed(python: object, mojo: object, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        compare(python, mojo, args=())  # type: ignore[arg-type]


def test_numbers_may_differ_as_much_as_was_said() -> None:
    assert compare(lambda: 1.0, lambda: 1.0 + 1e-12, args=(), rounds=1)
    assert compare(lambda: 1.0, lambda: 1.01, args=(), rtol=0.1, rounds=1)
    assert compare(lambda: float("nan"), lambda: float("nan"), args=(), rounds=1)
    assert compare(lambda: [1, 2], lambda: np.array([1, 2]), args=(), rounds=1)


def test_what_is_changed_in_place_is_compared_too() -> None:
    def change(x: np.ndarray) -> None:
        x[2] = 5

    with pytest.raises(AssertionError, match="argument 1 differs after the call: at 2"):
        compare(change, lambda _x: None, args=(np.zeros(4),))
    given = np.zeros(4)
    compare(change, change, args=(given,), rounds=1)
    assert not given.any()


def test_each_timed_call_finds_its_arguments_unchanged() -> None:
    found = set()

    def empty(xs: list[int]) -> int:
        found.add(len(xs))
        return xs.pop()

    assert compare(empty, empty, args=([3, 4],), rounds=2).value == 4
    assert found == {2}


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (float("inf"), 1.0),
        (1.0, float("inf")),
        (10**12, 10**12 + 1),
        (1.0, 10**400),
        (np.array([10**12]), np.array([10**12 + 1])),
    ],
)
def test_what_no_tolerance_covers(wanted: object, got: object) -> None:
    with pytest.raises(AssertionError, match="the results differ"):
        compare(lambda: wanted, lambda: got, args=())


def test_the_collector_is_as_it_was() -> None:
    assert gc.isenabled()
    compare(lambda: 1, lambda: 1, args=(), rounds=1)
    assert gc.isenabled()


def test_arguments_that_cannot_be_used() -> None:
    with pytest.raises(TypeError, match="either args or sizes"):
        compare(abs, abs)
    with pytest.raises(TypeError, match="either args or sizes"):
        compare(abs, abs, args=(1,), sizes=[1])
    with pytest.raises(ValueError, match="sizes is empty"):
        compare(abs, abs, sizes=[])
    with pytest.raises(ValueError, match="rounds"):
        compare(abs, abs, args=(1,), rounds=0)
    with pytest.raises(TypeError, match="a tuple of arguments"):
        compare(abs, abs, sizes=[1], make=lambda n: n)  # type: ignore[arg-type, return-value]


def test_plots_over_sizes_and_as_bars() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    over = compare(abs, abs, sizes=[1, 10, 100], rounds=1).plot()
    assert over.get_xscale() == "log" and len(over.lines) == 2
    bars = compare(abs, abs, args=(1,), rounds=1).plot()
    assert len(bars.patches) == 2


def test_a_chart_prints_nothing_beside_its_figure() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from IPython.core.formatters import DisplayFormatter

    formatter = DisplayFormatter()
    timed = compare(abs, abs, args=(1,), rounds=1)
    assert formatter.format(timed.plot()) == ({}, {})
    own = matplotlib.pyplot.figure().subplots()
    assert timed.plot(own) is own
    assert "text/plain" in formatter.format(own)[0]  # whose it is shows it as ever
