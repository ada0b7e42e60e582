"""`map`: a Mojo function of numbers over arrays, as NumPy's own ufuncs are."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mojocell as mc
from mojocell import errors
from mojocell.call import mapping

SOURCE = '''
from std.math import exp

def gauss(x: Float64) -> Float64:
    """The bell."""
    return exp(-0.5 * x * x)

def line(x: Float64, a: Float64 = 2.0, *, b: Float64 = 1.0) -> Float64:
    return a * x + b

def add(a: Int, b: Int) -> Int:
    return a + b

def root(x: Float64) raises -> Float64:
    if x < 0.0:
        raise Error("negative")
    return x ** 0.5

def pick(n: Int) -> Int:
    var x = List[Int](length=3, fill=7)
    return x[n]

def both(x: Float64, n: Int) -> Tuple[Float64, Bool]:
    return (x * Float64(n), x.lt(0.0))

def flip(b: Bool) -> Bool:
    return not b

def single(x: Float32) -> Float32:
    return x * 0.1

def wide[W: Int](x: SIMD[DType.float64, W], y: SIMD[DType.float64, W]) -> SIMD[DType.float64, W]:
    return x.lt(y).select(x, y * 2.0)

def kind(x: Int) -> Int:
    return x + 1

def kind(x: Float64) -> Float64:
    return x + 0.5

def loud(n: Int) -> Int:
    print("<", n, ">", sep="", end="")
    return n

def spin(n: Int) -> Int:
    var k = n
    while k != 0:
        k = k ^ 1 if k > 1 else k + 2
    return k

def text(s: String) -> Int:
    return s.byte_length()

def n(x: Float64) -> Float64:
    return x
'''


@pytest.fixture(scope="module")
def module() -> Any:
    """All loops in one compilation, but that of `line`, which has its own, as users' have."""
    made = mc.compile(SOURCE)
    names = [name for name in made.functions if name not in ("line", "text")]
    together = mapping.compile_loops(made.__mojo__, *names)
    for name in names:
        made[name].map._compiled = together
    return made


def test_it_is_what_the_function_gives_for_each_element(module: Any) -> None:
    x = np.linspace(-3, 3, 1001)
    assert module.gauss.map(x).tolist() == [module.gauss(one) for one in x.tolist()]
    assert module.root.map(x[x >= 0]).tolist() == [module.root(one) for one in x[x >= 0].tolist()]
    assert module.gauss.map is module.gauss.map
    assert mc.vectorize(module.gauss) is module.gauss.map


def test_it_says_how_the_elements_are_taken_and_why(module: Any) -> None:
    assert module.gauss.map.how == "vectors: it is straight-line arithmetic"
    assert module.wide.map.how == "vectors: it is written with a width"
    assert module.root.map.how == "one element at a time: line 14: it may raise"


def test_a_function_with_a_width_is_one_of_numbers_too(module: Any) -> None:
    assert module.wide(1.0, 2.0) == 1.0
    assert module.wide(3.0, 2.0) == 4.0
    x, y = np.random.default_rng(1).standard_normal((2, 103))
    for step in (1, 3, -1):
        expected = [module.wide(*row) for row in zip(x[::step].tolist(), y[::step].tolist(), strict=True)]
        assert module.wide.map(x[::step], y[::step]).tolist() == expected


def test_several_results_are_several_arrays(module: Any) -> None:
    products, negative = module.both.map([1.5, -2.0], [2, 3])
    assert products.tolist() == [3.0, -6.0]
    assert negative.tolist() == [False, True]
    assert negative.dtype == bool


def test_arguments_have_names_and_defaults(module: Any) -> None:
    line = module.line.map
    assert line([1.0, 2.0]).tolist() == [3.0, 5.0]
    assert line([1.0, 2.0], b=0.0).tolist() == [2.0, 4.0]
    assert line(b=[0.0, 1.0], a=10, x=1).tolist() == [10.0, 11.0]
    with pytest.raises(TypeError, match=r"line.map\(\) is missing the argument 'x'"):
        line(a=1.0)
    with pytest.raises(TypeError, match=r"unexpected keyword argument|invalid keyword"):
        line([1.0], c=1)


def test_it_has_what_ufuncs_have(module: Any) -> None:
    add = module.add.map
    assert (add.nin, add.nout, add.nargs, add.ntypes, add.types) == (2, 1, 3, 1, ["ll->l"])
    assert add.__name__ == "add"
    assert module.gauss.map.__doc__ == "The bell."
    assert add.outer([1, 2], [10, 20]).tolist() == [[11, 21], [12, 22]]
    assert add.reduce(np.arange(1001)) == 500500
    assert add.accumulate(np.arange(5)).tolist() == [0, 1, 3, 6, 10]
    assert add.reduceat(np.arange(6), [0, 3]).tolist() == [3, 12]
    target = np.zeros(3, int)
    add.at(target, [0, 0, 2], 5)
    assert target.tolist() == [10, 0, 5]


def test_what_depends_on_the_element_before_is_not_taken_at_once(module: Any) -> None:
    """Of a vector all elements are read before the first is written."""
    x = np.random.default_rng(0).integers(0, 100, 1003)
    assert (module.add.map.accumulate(x) == np.cumsum(x)).all()
    assert module.add.map.reduce(x) == x.sum()
    squares = x.reshape(17, 59)
    assert (module.add.map.reduce(squares, axis=1) == squares.sum(axis=1)).all()


ARRAYS: dict[str, np.ndarray] = {
    "row": np.arange(12.0),
    "stepped": np.arange(24.0)[::2],
    "back": np.arange(12.0)[::-1],
    "scalar": np.array(3.0),
    "empty": np.empty((0, 12)),
    "table": np.arange(24.0).reshape(2, 12),
    "column": np.arange(2.0)[:, None],
    "fortran": np.asfortranarray(np.arange(24.0).reshape(2, 12)),
    "part": np.arange(40.0).reshape(2, 20)[:, 3:15],
    "whole": np.arange(12),
    "short": np.arange(12, dtype=np.float32),
    "swapped": np.arange(12, dtype=">f8"),
    "unaligned": np.frombuffer(b"." + np.arange(12.0).tobytes(), np.uint8)[1:].view(np.float64),
    "fixed": np.broadcast_to(np.array(2.5), 12),
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(ARRAYS)), st.sampled_from(sorted(ARRAYS)), st.booleans(), st.data())
def test_arrays_are_taken_as_numpys_own_take_them(
    module: Any, first: str, second: str, into: bool, data: st.DataObject
) -> None:
    x, y = ARRAYS[first], ARRAYS[second]
    assume(
        "empty" not in (first, second) or {"table", "column", "fortran", "part"}.isdisjoint((first, second))
    )
    expected = y.astype(float) * x + 1.0
    options: dict[str, Any] = {}
    if into:
        options["out"] = np.full(expected.shape, -1.0, data.draw(st.sampled_from(["f8", "f4", ">f8"])))
        if expected.shape[-1:] == (12,) and data.draw(st.booleans()):
            options["where"] = np.arange(12) % 3 > 0
            expected = np.where(options["where"], expected, -1.0)
    found = module.line.map(x, y, **options)
    assert found.shape == expected.shape
    assert found.tolist() == expected.tolist()
    assert not into or found is options["out"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(-9, 9), st.sampled_from([1, 2]))
def test_results_may_lie_on_arguments(module: Any, count: int, offset: int, step: int) -> None:
    memory = np.arange(120.0)
    x = memory[20 : 20 + count * step : step]
    out = memory[20 + offset : 20 + offset + count]
    expected = (x * 2 + 1).copy()
    module.line.map(x, out=out)
    assert out.tolist() == expected.tolist()


def test_numbers_are_of_the_functions_own_type(module: Any) -> None:
    assert module.single.map(np.array([1, 2], np.float32) + 0).dtype == np.float32
    assert module.single.map(1.0) == np.float32(0.1)
    assert module.add.map([1, 2], 3).tolist() == [4, 5]
    assert module.gauss.map(2) == module.gauss(2)
    assert module.flip.map([True, False]).tolist() == [False, True]
    assert module.flip.map(np.array([2, 0], np.uint8).view(bool)).tolist() == [False, True]


def test_what_is_not_of_a_type_that_it_takes_is_refused_with_what_to_do(module: Any) -> None:
    with pytest.raises(TypeError, match="not supported for the input types") as caught:
        module.single.map(np.array([1.0]))
    assert caught.value.__notes__ == [
        "single takes float32: give arrays of that, as x.astype(...) makes them, or dtype="
    ]
    assert module.single.map(np.array([1.0]), dtype=np.float32).dtype == np.float32
    with pytest.raises(TypeError, match="not supported for the input types"):
        module.add.map(1.5, 2)


def test_overloads_are_loops_of_one(module: Any) -> None:
    kind = module.kind.map
    assert kind.types == ["l->l", "d->d"]
    assert kind([1, 2]).tolist() == [2, 3]
    assert kind([1.0, 2.0]).tolist() == [1.5, 2.5]


def test_numpy_warns_of_what_the_arithmetic_meets(module: Any) -> None:
    with np.errstate(all="raise"):
        module.gauss.map(np.linspace(-3, 3, 100))
    with pytest.warns(RuntimeWarning, match="overflow encountered in line"):
        module.line.map(np.array([1e308, 1.0]), 1e10)


def test_a_raise_names_the_element(module: Any) -> None:
    out = np.full(4, 9.0)
    with pytest.raises(mc.MojoRuntimeError) as caught:
        module.root.map(np.array([4.0, 1.0, -2.0, 9.0]), out=out)
    assert caught.value.message == "negative (element 2, root(-2.0))"
    assert caught.value.element == 2
    assert caught.value.function == "root"
    with pytest.raises(mc.MojoRuntimeError, match=r"element 30000, root\(-1\.0\)"):  # behind many pieces
        module.root.map(np.array([1] * 30000 + [-1] * 9, np.float32))
    assert module.root.map([4.0]).tolist() == [module.root(4.0)]


def test_a_crash_names_the_element_and_its_line(module: Any) -> None:
    with pytest.raises(mc.MojoCrash) as caught:
        module.pick.map(np.array([0, 1, 5]))
    assert "element 2, pick(5)" in caught.value.message
    assert caught.value.line == SOURCE.split("\n").index("    return x[n]") + 1
    assert module.pick.map([0, 2]).tolist() == [7, 7]


def test_what_is_printed_comes_through_python(module: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert module.loud.map(np.arange(600)).sum() == 179700
    assert capsys.readouterr().out == "".join(f"<{k}>" for k in range(600))


def test_an_interrupt_ends_it(module: Any) -> None:
    import os
    import subprocess

    spin = module.spin.map
    assert spin([0]).tolist() == [0]
    ctrl_c = ["sh", "-c", f"sleep 0.3; kill -INT {os.getpid()}"]
    with subprocess.Popen(ctrl_c), pytest.raises(KeyboardInterrupt):
        spin(np.full(1000, 5))
    assert spin([0]).tolist() == [0]


def test_what_cannot_be_mapped_is_refused_with_the_reason(module: Any) -> None:
    with pytest.raises(mc.MojoError) as caught:
        module.text.map(["a"])
    assert caught.value.message == (
        "text cannot be mapped: the argument 's' is String, of which NumPy has no elements"
    )
    assert caught.value.hint == (
        "what can be: functions whose arguments and results are numbers or Bool, one or several in a Tuple"
    )
    with pytest.raises(TypeError, match="vectorize takes a Mojo function"):
        mc.vectorize(math.sin)


def test_isolated_functions_are_not_mapped(module: Any) -> None:
    isolated = module.gauss.with_options(mode="isolated")
    with pytest.raises(mc.MojoError, match="gauss cannot be mapped: it is called isolated") as caught:
        isolated.map([1.0])
    assert caught.value.hint is not None and "gauss.with_options(mode='inline').map" in caught.value.hint
    assert isolated.with_options(mode="inline").map([0.0]).tolist() == [1.0]


def test_pickles_and_copies_are_the_same_one(module: Any) -> None:
    gauss = module.gauss.map
    assert pickle.loads(pickle.dumps(gauss)) is gauss
    assert copy.copy(gauss) is gauss
    assert pickle.loads(pickle.dumps(gauss.ufunc)) is gauss.ufunc
    assert pickle.loads(pickle.dumps(np.exp)) is np.exp


def test_what_has_become_stale_is_not_called() -> None:
    made = mc.compile("def stays(x: Float64) -> Float64: return x + 3.0")
    stays = made.stays.map
    assert stays(np.array([1.0])).tolist() == [4.0]
    made.__mojo__.set_stale("its cell has changed")
    with pytest.raises(mc.MojoError, match="stays is stale: its cell has changed"):
        stays(np.array([1.0]))


def test_a_function_and_its_map_go_together() -> None:
    def use() -> Any:
        function = mc.compile("def goes(x: Float64) -> Float64: return x + 3.5").goes
        result = function.map([1.0])
        assert result.tolist() == [4.5]
        return weakref.ref(function)

    gone = use()
    gc.collect()
    assert gone() is None


def test_a_name_may_be_that_of_a_variable_of_the_loop(module: Any) -> None:
    assert module.n(2.5) == 2.5
    assert module.n.map([2.5]).tolist() == [2.5]


def test_numpys_friends_take_it(module: Any) -> None:
    pd = pytest.importorskip("pandas")
    gauss = module.gauss.map
    series = pd.Series([0.0, 1.0], index=["a", "b"], name="s")
    assert gauss(series).equals(pd.Series([1.0, module.gauss(1.0)], index=["a", "b"], name="s"))
    assert list(gauss(pd.DataFrame({"x": [0.0], "y": [1.0]})).loc[0]) == [1.0, module.gauss(1.0)]
    pl = pytest.importorskip("polars")
    assert gauss(pl.Series([0.0, None])).to_list() == [1.0, None]


def test_loops_are_asked_for_by_name() -> None:
    from mojocell.core.request import Job

    result = Job("def f(x: Int) -> Int: return x", op="compile", loops=("g",)).execute
    with pytest.raises(errors.MojoError, match="loops: the source defines no such function"):
        result()
