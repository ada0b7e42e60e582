"""A function that was made to work on vectors gives what it gives one by one: bit by bit, for all values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mojocell as mc
from mojocell.call import mapping

ONE = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "erf",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "log",
    "log10",
    "log1p",
    "log2",
    "recip",
    "rsqrt",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
    "abs",
    "round",
]
DOUBLE = ("cosh", "exp")  #: of which vectors of Float32 have other results
TWO = ["atan2", "hypot", "min", "max"]
TESTS = ["isfinite", "isinf", "isnan"]

#: By name: the arguments' types, the result's, and the body.
BODIES: dict[str, tuple[str, str, str]] = {
    **{f"f_{name}": ("x: Float64", "Float64", f"return {name}(x)") for name in ONE},
    **{f"s_{name}": ("x: Float32", "Float32", f"return {name}(x)") for name in ONE if name not in DOUBLE},
    **{f"f_{name}": ("x: Float64, y: Float64", "Float64", f"return {name}(x, y)") for name in TWO},
    **{f"f_{name}": ("x: Float64", "Bool", f"return {name}(x)") for name in TESTS},
    "f_fma": ("x: Float64, y: Float64", "Float64", "return fma(x, y, x) - y"),
    "f_clamp": ("x: Float64", "Float64", "return clamp(x, -1.0, 2.5)"),
    "both": ("x: Float64", "Bool", "return isnan(x) | isinf(x)"),
    "arithmetic": ("x: Float64, y: Float64", "Float64", "return -x * 2 + y / 3.5 - (x - y) * (x + 1e-3)"),
    "divided": ("x: Float64, y: Float64", "Float64", "return x % y + x // 3.0"),
    "powers": ("x: Float64", "Float64", "return x ** 2 - x ** 0.5"),
    "several": (
        "x: Float64",
        "Float64",
        '"""Words."""\n    var s = 0.0\n    s += x * x; s *= 0.5\n    var t: Float64 = s - 1\n    t = t + s\n    return t * pi + SCALE',
    ),
    "chosen": ("x: Float64", "Float64", "return x.lt(0.5).select(x, -x).ge(0.0).select(1.0, x)"),
    "helped": ("x: Float64", "Float64", "return _twice(_square(x)) - _square(1.0 + x)"),
    "pair": ("x: Float64, y: Float64", "Tuple[Float64, Bool]", "return (x + y, isnan(x))"),
    "short": ("x: Float32, y: Float32", "Float32", "return log1p(y) * y + x"),
    "shortest": ("x: Float16", "Float16", "return x * x + 1"),
    "wholes": ("n: Int, m: Int", "Int", "var k = 3\n    return n * m - n + k * 7 ^ (m & 255) | ~n"),
    "bytes": ("n: UInt8, m: UInt8", "UInt8", "return n * 3 + m - (n >> 2) ^ (m << 3)"),
    "mixed": ("n: Int32", "Float64", "return Float64(n) * 0.5 + Float64(n.cast[DType.int64]())"),
    "back": ("x: Float64", "Int32", "return Int32(clamp(x, -1e9, 1e9))"),
    "unsigned": ("n: UInt64", "UInt64", "var z = n ^ (n >> 33)\n    return z * 0xff51afd7ed558ccd"),
    "absolute": ("n: Int16, m: Int16", "Int16", "return abs(n) + max(n, m) - min(n, m)"),
}

SOURCE = "\n".join(
    [
        "from std.math import "
        + ", ".join(sorted({*ONE, *TWO, *TESTS, "fma", "clamp", "pi"} - {"abs", "min", "max", "round"})),
        "comptime SCALE = 2.0",
        "def _square(x: Float64) -> Float64: return x * x",
        "def _twice(x: Float64) -> Float64:\n    var y = x\n    return y + x",
        *(
            f"def {name}({arguments}) -> {result}:\n    {body}\n"
            for name, (arguments, result, body) in BODIES.items()
        ),
    ]
)

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -2.2e-308, 1.0, -1.0, 0.5, 709.9, 1e308, -1e308]


@pytest.fixture(scope="module")
def maps() -> dict[str, Any]:
    """All of them, lifted in one compilation."""
    module = mc.compile(SOURCE)
    unit = module.__mojo__
    loops = mapping.compile_loops(unit, *BODIES)
    how = {entry["name"]: entry["loop"] for entry in loops.functions}
    assert how == {name: {"how": "lifted", "reason": None} for name in BODIES}
    for name in BODIES:
        module[name].map._compiled = loops
    return {name: (module[name], module[name].map.ufunc) for name in BODIES}


def values(dtype: np.dtype, count: int, seed: int) -> np.ndarray:
    """Of all sizes, with those that are special among them."""
    random = np.random.default_rng(seed)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return random.integers(limits.min, limits.max, count, dtype=dtype, endpoint=True)
    few = random.choice(SPECIAL, count)
    wide = random.standard_normal(count) * 10.0 ** random.integers(-12, 12, count)
    near = random.uniform(-4, 4, count)
    with np.errstate(over="ignore"):
        return np.select([random.random(count) < 0.1, random.random(count) < 0.5], [few, wide], near).astype(
            dtype
        )


def same(found: np.ndarray, expected: list[Any]) -> bool:
    with np.errstate(over="ignore"):
        wanted = np.array(expected, found.dtype)
    bits = f"u{found.itemsize}"
    return bool(np.all((np.isnan(found) & np.isnan(wanted)) | (found.view(bits) == wanted.view(bits))))


@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=12, deadline=None)
@given(st.integers(0, 200), st.sampled_from([1, 2, -1, -3]), st.integers(0, 2**32))
def test_it_is_the_same_for_each_element(
    maps: dict[str, Any], name: str, count: int, step: int, seed: int
) -> None:
    function, ufunc = maps[name]
    types = ufunc.types[0].partition("->")[0]
    arrays = [values(np.dtype(one), count * abs(step), seed + i)[::step] for i, one in enumerate(types)]
    with np.errstate(all="ignore"):
        found = ufunc(*arrays)
    expected = [function(*row) for row in zip(*(array.tolist() for array in arrays), strict=True)]
    if ufunc.nout == 1:
        assert same(found, expected)
    else:
        assert all(same(one, [row[i] for row in expected]) for i, one in enumerate(found))


#: What is compiled for vectors without a word and means something else there, or faults otherwise.
REFUSED: dict[str, tuple[str, str]] = {
    "branch": ("x: Float64", "if x > 0.0:\n        return x\n    return -x"),
    "choice": ("x: Float64", "return -7.0 if x == 1.0 else x"),
    "compared": ("x: Float64", "var t = Float64(x == 1.0)\n    return t"),
    "joined": ("x: Float64", "return 1.0 if isnan(x) and isinf(x) else x"),
    "indexed": ("x: Float64", "return x[0]"),
    "reduced": ("x: Float64", "return x.reduce_add()"),
    "hashed": ("x: Float64", "return Float64(hash(x))"),
    "counted": ("x: Float64", "return Float64(len(x))"),
    "looped": ("x: Float64", "var t = x\n    for _ in range(3): t = t * x\n    return t"),
    "printed": ("x: Float64", "print(x)\n    return x"),
    "wholes": ("n: Int", "return Float64(n // 3)"),
    "shifted": ("n: Int, m: Int", "return Float64(n << m)"),
    "far": ("n: Int32", "return Float64(n >> 32)"),
    "of_bool": ("b: Bool", "return Float64(b)"),
    "single": ("x: Float32", "return Float64(exp(x))"),
    "own": ("x: Float64", "return max(x, 2.0) + floor(x)"),
    "helped": ("x: Float64", "return _branched(x) + 1.0"),
    "never": ("x: Float64", "return erfc(x)"),
}
OWN = """
from std.math import erfc, exp, isinf, isnan
def _branched(x: Float64) -> Float64:
    return 1.0 if x > 0.0 else 0.0
def floor(x: Float64) -> Float64:
    return 3.0 if x > 0.0 else 4.0
"""


def test_what_vectors_would_get_wrong_is_done_one_by_one() -> None:
    functions = [
        f"def r_{name}({arguments}) -> Float64:\n    {body}\n" for name, (arguments, body) in REFUSED.items()
    ]
    module = mc.compile(OWN + "\n".join(functions))
    names = [f"r_{name}" for name in REFUSED]
    loops = mapping.compile_loops(module.__mojo__, *names)
    how = {entry["name"]: entry["loop"] for entry in loops.functions}
    assert {name: how[name]["how"] for name in names} == dict.fromkeys(names, "scalar")
    assert how["r_compared"]["reason"].endswith(
        "'==' compares: write a.lt(b), le, gt, ge, eq or ne and .select(x, y)"
    )
    assert how["r_helped"]["reason"] == "line 4: 'if' is not straight-line arithmetic"
    for name in names:
        module[name].map._compiled = loops
    assert module.r_own.map([1.0, -1.0]).tolist() == [5.0, 6.0]
    assert module.r_choice.map([1.0, 2.0]).tolist() == [-7.0, 2.0]


def test_what_the_compiler_refuses_for_vectors_is_done_one_by_one() -> None:
    """A literal comes first, which is no vector."""
    module = mc.compile(
        "from std.math import hypot\ndef far(x: Float64) -> Float64:\n    return hypot(3.0, x)\n"
    )
    assert module.far.map.how.startswith("one element at a time: the compiler refuses it for vectors: ")
    assert module.far.map([4.0]).tolist() == [5.0]
