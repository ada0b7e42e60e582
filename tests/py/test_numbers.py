"""Mojo's numbers beside NumPy's: what the page says of them, and what `mc.compare` says of a difference."""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mojocell as mc
from mojocell import differences

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "howto" / "numbers-beside-numpy.md").read_text()
ROW = re.compile(r"\| `(.+?)` \| \S+ \| \S+ \| (\S+) \| (\S+) \|")


def accuracy() -> Any:
    """Return the program that makes the table, as a module."""
    spec = importlib.util.spec_from_file_location("accuracy", ROOT / "tools" / "accuracy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.usefixtures("service")
def test_the_table_is_true_at_every_64th_point() -> None:
    told = {name: float(error) for name, error, _ in ROW.findall(PAGE)}
    rows = accuracy().measure(64)
    assert [row.name for row in rows] == list(told)
    for row in rows:
        # Of fewer points the largest error is no larger, but for the digits that are told.
        assert row.mojo <= told[row.name] * 1.05 + 0.05, row
        assert row.numpy <= 2, row
        if told[row.name] > 100:
            assert row.mojo > 1000 * row.numpy, row


@pytest.mark.usefixtures("service")
def test_what_becomes_of_nan_and_infinities_is_what_the_page_says() -> None:
    found = {(name, str(x)): str(mojo) for name, x, mojo, _ in accuracy().specials()}
    assert found == {
        ("exp", "nan"): "inf",
        ("exp2", "nan"): "inf",
        ("exp2", "inf"): "1.0",
        ("exp2", "-inf"): "1.0",
        ("x ** 2.5", "nan"): "inf",
        ("x ** 2.5", "-inf"): "nan",
        ("tanh", "nan"): "1.0",
        ("sinh", "inf"): "nan",
        ("sinh", "-inf"): "nan",
    }


@pytest.mark.parametrize(
    ("pairs", "source", "says"),
    [
        ([(1.0, 1.0 + 1e-9), (0.0, 5e-17)], "return exp(x) * y", "rounding: Mojo's exp is good"),
        ([(1.0, 1.0 + 1e-9)], "return exp(x) ** log2(x)", "rounding: Mojo's exp, log2 and ** are good"),
        ([(1.0, 1.0 + 1e-9)], "return expand(x) # exp(x)", "rounding: a * b + c"),
        ([(math.nan, 1.0)], "return max(x, y)", "NaN, which Mojo's max can lose"),
        ([(math.nan, 1.0)], "return x", "NaN, which something lost"),
        ([(2.5, 2), (-3.5, -3)], "", "`/` of two Ints"),
        ([(2**63, -(2**63))], "", "Ints of 64 bits"),
        ([(0, -(2**63))], "", "`Int(x)` of NaN"),
    ],
)
def test_what_a_difference_may_come_from(pairs: list[tuple[Any, Any]], source: str, says: str) -> None:
    found = differences.cause(pairs, source)
    assert found is not None
    assert found.startswith(says)


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [(1.0, 1.1)],
        [(1.0, 1.0 + 1e-9), (1.0, 2.0)],
        [(2.5, 3)],
        [(7, 8)],
        [(10**12, 10**12 + 1)],
        [(math.inf, 1.0)],
        [(1.0, math.nan)],
        [(10**400, 1.5)],
        [(1 + 2j, 5j)],
    ],
)
def test_of_what_is_like_none_of_these_nothing_is_said(pairs: list[tuple[Any, Any]]) -> None:
    assert differences.cause(pairs) is None


@pytest.fixture(scope="module")
def functions(service: Any) -> Any:
    """A function of each kind of difference, and a wrong one."""
    return mc.compile(
        "from std.math import exp, log2\n"
        "def grow(xs: List[Float64]) -> List[Float64]:\n"
        "    var ys = List[Float64]()\n    for x in xs:\n        ys.append(exp(x))\n    return ys^\n"
        "def least(a: Float64, b: Float64) -> Float64: return min(a, b)\n"
        "def half(n: Int) -> Int: return n / 2\n"
        "def wrong(x: Float64) -> Float64: return x + 1\n"
    )


@pytest.mark.parametrize(
    ("name", "python", "args", "says"),
    [
        ("grow", np.exp, [np.linspace(-700, 700, 501)], "rounding: Mojo's exp is good to about 1e-9"),
        ("least", np.minimum, [math.nan, 1.0], "NaN, which Mojo's exp and min can lose"),
        ("half", lambda n: n / 2, [7], "`/` of two Ints, which drops the fraction"),
    ],
)
def test_compare_says_what_it_may_be(
    name: str, python: Callable[..., Any], args: list[Any], says: str, functions: Any
) -> None:
    with pytest.raises(AssertionError, match=re.escape(f"; this may be {says}")):
        mc.compare(python, functions[name], args=args, rtol=1e-13)


def test_compare_takes_a_wrong_answer_for_one(functions: Any) -> None:
    with pytest.raises(AssertionError, match=r"Python gives 2\.0, Mojo 3\.0$"):
        mc.compare(lambda x: x, functions.wrong, args=(2.0,))
