"""Arrays of several dimensions: NDSpan as an argument, NDArray as a result, the package mojocell in programs."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy  # noqa: ICN001  # as messages have it
import pandas  # noqa: ICN001
import polars  # noqa: ICN001
import pyarrow  # noqa: ICN001
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mojocell as mc
from test_array_corpus import DataArray, Lazy, Tensor
from test_leaks import assert_nothing_grows
from thunks import make

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE_PROGRAM = Path(__file__).resolve().parents[1] / "mojo/check_package.mojo"
INDEX = ["i", "j", "k", "l"]
DTYPES = {
    "float64": numpy.float64,
    "int": numpy.int64,
    "uint16": numpy.uint16,
    "int8": numpy.int8,
    "bool": numpy.bool_,
    "bfloat16": ml_dtypes.bfloat16,
}


def counts(rank: int) -> str:
    """A function that writes 0, 1, 2, … to all elements, in C's order."""
    loops = "".join(f"{'    ' * (k + 1)}for {INDEX[k]} in range(x.shape[{k}]):\n" for k in range(rank))
    inside = "    " * (rank + 1)
    place = ", ".join(INDEX[:rank])
    return (
        f"def count_{rank}(x: NDSpan[mut=True, DType.float64, {rank}, _]):\n    var n = 0.0\n{loops}"
        f"{inside}x[{place}] = n\n{inside}n += 1\n"
    )


SOURCE = (
    "from mojocell import NDArray, NDSpan\n\n"
    + "\n".join(
        f"def copy_{dtype}_{rank}(x: NDSpan[DType.{dtype}, {rank}, _]) -> NDArray[DType.{dtype}, {rank}]:\n"
        "    return NDArray(x)\n"
        for dtype in DTYPES
        for rank in ((1, 2, 3, 4) if dtype == "float64" else (2,))
    )
    + "\n"
    + "\n".join(counts(rank) for rank in (1, 2, 3, 4))
    + """
def where(x: NDSpan[DType.float64, 2, _]) -> Tuple[Int, Int, Int]:
    return (Int(x.unsafe_ptr()), x.strides[0], x.strides[1])

def made(rows: Int, columns: Int) -> Tuple[NDArray[DType.float64, 2], Int]:
    var x = NDArray[DType.float64, 2].zeros(rows, columns)
    var address = Int(x.view().unsafe_ptr())
    return (x^, address)

def square(rows: Int) raises -> NDArray[DType.float64, 2]:
    if rows < 0:
        raise Error("no such square")
    return NDArray[DType.float64, 2].zeros(rows, rows)

def perhaps(rows: Int) -> Optional[NDArray[DType.int32, 3]]:
    if rows == 0:
        return None
    return NDArray[DType.int32, 3].zeros(rows, 1, 2)

def rows_of(x: Optional[NDSpan[DType.float64, 2, MutAnyOrigin]] = None) -> Int:
    return x.value().shape[0] if x else -1

def kind(x: NDSpan[DType.float64, 1, _]) -> String:
    return "one"

def kind(x: NDSpan[DType.float64, 2, _]) -> String:
    return "two"

def kind(x: NDSpan[DType.int32, 2, _]) -> String:
    return "two of ints"

def at(x: NDSpan[DType.float64, 2, _], i: Int, j: Int) -> Float64:
    var found = x[i, j]
    return found

def in_row(x: NDSpan[DType.float64, 2, _], i: Int, j: Int) -> Float64:
    var row = x.row(i)
    return row[j]

def part(x: NDSpan[DType.float64, 2, _], axis: Int, start: Int, stop: Int) -> Int:
    return x.slice(axis, start, stop).size()

def flat(x: NDSpan[DType.float64, 2, _]) -> Int:
    return len(x.flat())

def of_shape(rows: Int, columns: Int) -> NDArray[DType.float64, 2]:
    return NDArray[DType.float64, 2].empty(rows, columns)
"""
)


@pytest.fixture(scope="module")
def module() -> mc.MojoModule:
    return mc.compile(SOURCE)


@pytest.fixture(params=["inline", "isolated"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# ---- elements, wherever they are ------------------------------------------------------------


@st.composite
def views(draw: Callable[..., Any], rank: int | None = None) -> Any:
    """A view of an array of consecutive numbers, and that array: steps, from the end, dimensions in any order."""
    rank = rank or draw(st.integers(1, 4))
    lengths = [draw(st.integers(0, 7)) for _ in range(rank)]
    base = numpy.arange(1.0, 1 + numpy.prod(lengths, dtype=int)).reshape(lengths)
    steps = [draw(st.sampled_from([1, 1, 2, 3, -1, -2])) for _ in range(rank)]
    starts = [draw(st.integers(0, length)) for length in lengths]
    view = base[tuple(slice(a, None, s) for a, s in zip(starts, steps, strict=True))]
    return base, view.transpose(draw(st.permutations(range(rank))))


@settings(max_examples=150, deadline=None)
@given(views())
def test_elements_are_read_wherever_they_are(made: Any) -> None:
    _, view = made
    copied = getattr(MODULE(), f"copy_float64_{view.ndim}")
    for way in ("inline", "isolated"):
        found = copied.with_options(mode=way)(view)
        assert found.shape == view.shape
        assert found.tolist() == view.tolist()
        assert found.flags.c_contiguous
        assert found.flags.writeable


@settings(max_examples=100, deadline=None)
@given(views(), st.sampled_from(["inline", "isolated"]))
def test_elements_are_written_wherever_they_are_and_no_others(made: Any, way: str) -> None:
    base, view = made
    expected = base.copy()
    values = numpy.arange(float(view.size)).reshape(view.shape)
    places = view.copy()  # the numbers in base are their places
    getattr(MODULE(), f"count_{view.ndim}").with_options(mode=way)(view)
    for place, value in zip(places.reshape(-1), values.reshape(-1), strict=True):
        expected.reshape(-1)[int(place) - 1] = value
    assert base.tolist() == expected.tolist()


_compiled: list[mc.MojoModule] = []


def MODULE() -> mc.MojoModule:  # noqa: N802
    """The module, for tests of hypothesis, which take no fixtures of functions."""
    if not _compiled:
        _compiled.append(mc.compile(SOURCE))
    return _compiled[0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_types_of_elements(module: mc.MojoModule, dtype: str, mode: str) -> None:
    x = (numpy.arange(12).reshape(3, 4) % 3).astype(DTYPES[dtype])
    copied = getattr(module, f"copy_{dtype}_2").with_options(mode=mode)
    for view in (x, x.T, x[::2, ::-1], numpy.asfortranarray(x), x[:, :0]):
        found = copied(view)
        assert found.dtype == x.dtype
        assert found.tolist() == view.tolist()


def test_bools_of_other_bytes_are_copied(module: mc.MojoModule) -> None:
    x = numpy.array([[0, 2], [1, 0]], "u1").view(bool)
    assert module.copy_bool_2(x.T).tolist() == [[False, True], [True, False]]


def test_what_is_not_at_whole_steps_is_copied(module: mc.MojoModule) -> None:
    x = numpy.zeros((2, 3), "f8,i1")["f0"]
    x[:] = numpy.arange(6.0).reshape(2, 3)
    swapped = numpy.arange(6.0).reshape(2, 3).astype(">f8").T
    assert module.copy_float64_2(x).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert module.copy_float64_2(swapped).tolist() == [[0, 3], [1, 4], [2, 5]]


def test_nothing_is_copied_that_can_be_read_where_it_is(module: mc.MojoModule) -> None:
    x = numpy.arange(24.0).reshape(4, 6)
    for view in (x, x.T, numpy.asfortranarray(x), x[::2, ::-3], x[1:, 2:], numpy.broadcast_to(1.0, (2, 2))):
        steps = tuple(step // 8 for step in view.strides)
        assert module.where(view) == (view.__array_interface__["data"][0], *steps)


# ---- results --------------------------------------------------------------------------------


def test_a_result_is_an_array_over_the_memory_of_mojos(module: mc.MojoModule) -> None:
    x, address = module.made(3, 4)
    assert x.__array_interface__["data"][0] == address
    assert x.tolist() == numpy.zeros((3, 4)).tolist()
    x[1, 2] = 5
    assert x.sum() == 5


def test_results_of_every_sort(module: mc.MojoModule, mode: str) -> None:
    perhaps = module.perhaps.with_options(mode=mode)
    assert perhaps(0) is None
    assert perhaps(2).shape == (2, 1, 2)
    assert perhaps(2).dtype == numpy.int32
    assert module.square.with_options(mode=mode)(0).shape == (0, 0)
    with pytest.raises(mc.MojoRuntimeError, match="no such square"):
        module.square.with_options(mode=mode)(-1)


def test_memory_is_freed_with_the_array(module: mc.MojoModule) -> None:
    def peak() -> int:
        return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]

    module.square(1000).fill(1)
    before = peak()
    for _ in range(100):
        module.square(1000).fill(1)  # 8 MB each
    assert peak() - before < 100_000
    assert_nothing_grows(lambda: module.square(10))
    assert_nothing_grows(lambda: module.perhaps(1))
    assert_nothing_grows(lambda: module.square(-1))


def test_arguments_leave_nothing_behind(module: mc.MojoModule) -> None:
    x = numpy.arange(6.0).reshape(2, 3)
    swapped, lists = x.astype(">f8"), pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(x.reshape(-1)), 3)
    for argument in (x.T, swapped, lists, x[0], x.astype("i4")):
        assert_nothing_grows(lambda argument=argument: module.where(argument), argument)


# ---- what comes as an array -----------------------------------------------------------------

ROWS = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def lists(values: Any, length: int = 3) -> Any:
    return pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(values), length)


def tensor(values: Any) -> Any:
    return Tensor(numpy.asarray(values))


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(lambda: memoryview(numpy.array(ROWS)), id="a memoryview"),
        pytest.param(lambda: numpy.matrix(ROWS), id="a matrix"),
        pytest.param(lambda: tensor(ROWS), id="a tensor"),
        pytest.param(lambda: tensor(numpy.array(ROWS).T.copy().T), id="a tensor, transposed"),
        pytest.param(lambda: DataArray(ROWS), id="a DataArray"),
        pytest.param(lambda: Lazy(ROWS), id="dask"),
        pytest.param(lambda: pandas.DataFrame(ROWS), id="a frame"),
        pytest.param(lambda: pandas.DataFrame({"a": [0, 3], "b": [1.0, 4.0], "c": [2.0, 5.0]}), id="of two types"),
        pytest.param(lambda: pandas.DataFrame(ROWS).to_numpy(), id="to_numpy of pandas"),
        pytest.param(lambda: polars.DataFrame(ROWS, orient="row").to_numpy(), id="to_numpy of polars"),
        pytest.param(lambda: lists([0.0, 1, 2, 3, 4, 5]), id="lists of Arrow"),
        pytest.param(lambda: lists([9.0, 9, 9, 0, 1, 2, 3, 4, 5, 9, 9, 9])[1:3], id="a slice of them"),
        pytest.param(lambda: pyarrow.chunked_array([lists([0.0, 1, 2]), lists([3.0, 4, 5])]), id="chunks of them"),
        pytest.param(lambda: polars.Series(ROWS, dtype=polars.Array(polars.Float64, 3)), id="arrays of polars"),
        pytest.param(lambda: numpy.ma.masked_array(ROWS), id="nothing masked"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::mojocell.CopyWarning", "ignore::PendingDeprecationWarning")
def test_libraries(module: mc.MojoModule, x: Callable[[], Any], mode: str) -> None:
    assert module.copy_float64_2.with_options(mode=mode)(x()).tolist() == ROWS


def test_lists_in_lists_of_arrow(module: mc.MojoModule) -> None:
    deep = pyarrow.FixedSizeListArray.from_arrays(lists(numpy.arange(24.0)), 2)
    assert module.copy_float64_3(deep).tolist() == numpy.arange(24.0).reshape(4, 2, 3).tolist()
    assert module.copy_float64_3(deep[1:3]).tolist() == numpy.arange(6.0, 18.0).reshape(2, 2, 3).tolist()
    bits = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array([True, False, False] * 4), 2)
    assert module.copy_bool_2(bits[1:]).tolist() == (numpy.arange(2, 12) % 3 == 0).reshape(5, 2).tolist()


def test_a_copy_of_chunks_is_told(module: mc.MojoModule) -> None:
    chunks = pyarrow.chunked_array([lists([0.0, 1, 2]), lists([3.0, 4, 5])])
    with pytest.warns(mc.CopyWarning, match=r"several chunks.*pass x\.combine_chunks\(\)"):
        module.where(chunks)


# ---- what is refused ------------------------------------------------------------------------

WRITE = make("fill", "(MutNDSpan[DType.float64, 2]) -> None", "x", "where")
READ = make("mean", "(NDSpan[DType.float64, 2]) -> None", "x", "where")
WHOLE = make("mean", "(NDSpan[DType.int64, 2]) -> None", "x", "where")
CUBE = make("mean", "(NDSpan[DType.float64, 3]) -> None", "x", "where")
SPAN = make("mean", "(Span[Float64]) -> None", "x", "where")
FILL = make("fill", "(MutSpan[Float64]) -> None", "x", "where")
X = numpy.arange(6.0).reshape(2, 3)


def read_only(x: Any) -> Any:
    x = x.copy()
    x.flags.writeable = False
    return x


@pytest.mark.parametrize(
    ("function", "x", "message"),
    [
        (READ, X[0], "1 dimension, Mojo wants NDSpan[DType.float64, 2]; for a matrix of one column write x.reshape(-1, 1), for one row write x.reshape(1, -1)"),
        (READ, X[None], "3 dimensions, Mojo wants NDSpan[DType.float64, 2]; take an NDSpan[DType.float64, 3, _] in Mojo, or pass one of its parts, as x[0]"),
        (WRITE, X[None], "3 dimensions, Mojo wants MutNDSpan[DType.float64, 2]; take an NDSpan[mut=True, DType.float64, 3, _] in Mojo, or pass one of its parts, as x[0]"),
        (CUBE, X, "2 dimensions, Mojo wants NDSpan[DType.float64, 3]; write x.reshape(1, *x.shape)"),
        (READ, numpy.array(1.0), "0 dimensions, Mojo wants NDSpan[DType.float64, 2]; write x.reshape(1, 1)"),
        (READ, numpy.zeros((1,) * 5), "5 dimensions, Mojo wants NDSpan[DType.float64, 2]; a view has at most 4: pass one of its parts, as x[0]"),
        (READ, polars.Series([1.0]), "1 dimension, Mojo wants NDSpan[DType.float64, 2]; for a matrix of one column write numpy.asarray(x).reshape(-1, 1), for one row write numpy.asarray(x).reshape(1, -1)"),
        (SPAN, X, "2 dimensions, Mojo wants Span[Float64]; take an NDSpan[DType.float64, 2, _] in Mojo, or write x.reshape(-1)"),
        (SPAN, numpy.zeros((1,) * 5), "5 dimensions, Mojo wants Span[Float64]; write x.reshape(-1)"),
        (SPAN, lists([1.0, 2, 3]), "2 dimensions, Mojo wants Span[Float64]; take an NDSpan[DType.float64, 2, _] in Mojo"),
        (FILL, X.T, "2 dimensions that do not lie in one run, Mojo wants MutSpan[Float64]; take an NDSpan[mut=True, DType.float64, 2, _] in Mojo, or write y = numpy.array(x).reshape(-1), pass y, then write x[:] = y.reshape(x.shape)"),
        (READ, X.astype("i4"), "int32 elements, Mojo wants Float64; write x.astype(numpy.float64)"),
        (WHOLE, X + 0.5 * (X > 3), "float64 elements, Mojo wants Int64, and 2 of them would be cut off (the first at index (1, 1)); take an NDSpan[DType.float64, 2, _] in Mojo"),
        (READ, X.tolist(), "Mojo wants NDSpan[DType.float64, 2], got list; write numpy.array(x, dtype=numpy.float64)"),
        (READ, 1.5, "Mojo wants NDSpan[DType.float64, 2], got float"),
        (READ, polars.DataFrame({"a": [1.0]}), "a table; pass one of its columns, or x.to_numpy() for an NDSpan"),
        (WRITE, read_only(X), "it is read-only, and Mojo writes to an NDSpan[mut=True]; pass a copy and go on with that: y = numpy.array(x)"),
        (WRITE, X.astype(">f8"), "its elements are in foreign byte order, and Mojo writes to an NDSpan[mut=True]; write y = numpy.array(x, dtype=numpy.float64), pass y, then write x[:] = y"),
        (WRITE, numpy.zeros((2, 3), "f8,i1")["f0"], "its elements are not at whole steps of their size, and Mojo writes to an NDSpan[mut=True]; write y = numpy.array(x, dtype=numpy.float64), pass y, then write x[:] = y"),
        (WRITE, Lazy(X), "it gives its elements as an array only by a copy, and Mojo writes to an NDSpan[mut=True]; pass a copy and go on with that: y = numpy.array(x)"),
        (READ, pyarrow.array([[1.0, 2.0], None], pyarrow.list_(pyarrow.float64(), 2)), "1 of its elements is missing, which Mojo has no value for"),
        (READ, pyarrow.array([[1.0, None], [1.0, 2.0]], pyarrow.list_(pyarrow.float64(), 2)), "1 of its elements is missing, which Mojo has no value for"),
        (WHOLE, numpy.array([["1970-01-01", "NaT"]], "M8[s]"), "1 of its elements is missing, which Mojo has no value for"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(function: Any, x: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        function(x)
    assert str(caught.value) == f"argument 'x' of {function.__name__}: {message}"


@pytest.mark.parametrize("x", [X[0], X, numpy.array(1.0)])
def test_what_a_refusal_says_is_taken(x: Any) -> None:
    for function, rank in ((READ, 2), (CUBE, 3)):
        if x.ndim < rank:
            with pytest.raises(TypeError) as caught:
                function(x)
            line = re.search(r"write (x\.reshape\([^)]*\))", str(caught.value))
            assert line
            function(eval(line[1], {"x": x}))  # noqa: S307


# ---- out of bounds --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("at", (2, 0), "index 2 is out of bounds for axis 0 with size 2"),
        ("at", (0, 3), "index 3 is out of bounds for axis 1 with size 3"),
        ("at", (0, -1), "index -1 is out of bounds for axis 1 with size 3"),
        ("in_row", (2, 0), "index 2 is out of bounds for axis 0 with size 2"),
        ("in_row", (1, 3), "index 3 is out of bounds for axis 0 with size 3"),
        ("part", (1, 2, 4), "the part from 2 to 4 is out of bounds for axis 1 with size 3"),
        ("part", (0, 1, 0), "the part from 1 to 0 is out of bounds for axis 0 with size 2"),
        ("part", (2, 0, 0), "there is no such axis"),
    ],
)
def test_a_crash_has_the_line_of_the_cell(
    module: mc.MojoModule, mode: str, name: str, arguments: tuple[int, ...], message: str
) -> None:
    function = getattr(module, name).with_options(mode=mode)
    with pytest.raises(mc.MojoCrash) as caught:
        function(X, *arguments)
    assert message in str(caught.value)
    lines = SOURCE.splitlines()
    first = next(i for i, line in enumerate(lines, 1) if line.startswith(f"def {name}("))
    assert first < caught.value.line <= first + 2
    assert any(word in lines[caught.value.line - 1] for word in ("x[i, j]", "x.row(i)", "row[j]", "x.slice("))
    assert function(X, *(0 for _ in arguments)) == 0


def test_flat_is_refused_of_what_has_gaps(module: mc.MojoModule) -> None:
    assert module.flat(X) == 6
    with pytest.raises(mc.MojoCrash, match="do not lie one row behind the other"):
        module.flat(X.T)


def test_shapes_that_no_array_has(module: mc.MojoModule) -> None:
    for shape, message in (
        ((-1, 2), "no negative lengths"),
        ((2**40, 2**40), "more elements than can be counted"),
        ((2**30, 2**31), "more elements than can be counted"),
        ((2**29, 2**27), "no memory for an array of 576460752303423488 bytes"),
    ):
        with pytest.raises(mc.MojoCrash, match=message):
            module.of_shape(*shape)
    assert module.of_shape(2, 3).shape == (2, 3)


# ---- the rest -------------------------------------------------------------------------------


def test_overloads_by_dimensions_and_types(module: mc.MojoModule) -> None:
    assert module.kind(X[0]) == "one"
    assert module.kind(X) == "two"
    assert module.kind(X.astype("i4")) == "two of ints"
    with pytest.raises(TypeError, match="no signature for these arguments"):
        module.kind(X[None])


def test_an_optional_view(module: mc.MojoModule, mode: str) -> None:
    rows_of = module.rows_of.with_options(mode=mode)
    assert rows_of() == -1
    assert rows_of(None) == -1
    assert rows_of(X.T.copy()) == 3


def test_signatures_and_stubs(module: mc.MojoModule) -> None:
    assert str(inspect.signature(module.copy_int8_2)) == "(x: 'NDArray[int8]') -> 'NDArray[int8]'"
    assert "NDSpan[DType.float64, 2, _]" in module.where.__doc__


def test_what_is_returned_has_to_be_owned() -> None:
    m = mc.compile(
        "from mojocell import NDArray, NDSpan\n"
        "def f(x: NDArray[DType.float64, 2]) -> Int:\n    return len(x)\n"
        "def g(x: NDSpan[DType.float64, 2, _]) -> type_of(x):\n    return x\n"
        "def h() -> Int:\n    return 1\n"
    )
    assert m.skipped["f"] == (
        "the argument 'x' is an NDArray, which functions return: take an NDSpan[DType.float64, 2, _]"
    )
    assert "g" in m.skipped
    assert m.h() == 1


def test_the_package_from_mojo() -> None:
    result = mc.run(PACKAGE_PROGRAM.read_text())
    assert result.stdout == "all is well\n"


def test_cells_take_and_give_them(tmp_path: Path) -> None:
    from mojocell import api

    cell = api.cell(
        "from mojocell import NDArray\n"
        "var total = 0.0\nfor i in range(x.shape[0]):\n    for j in range(len(x.row(i))):\n        total += x[i, j]\n"
        "var y = NDArray(x.transpose())\nvar z = NDArray[DType.int8, 3].zeros(1, 2, 3)\n",
        inputs={"x": X[:, ::-1]},
        outputs=["total", "y", "z"],
    )
    assert cell.outputs["total"] == 15
    assert cell.outputs["y"].tolist() == X[:, ::-1].T.tolist()
    assert cell.outputs["z"].dtype == numpy.int8
    assert cell.outputs["z"].shape == (1, 2, 3)


def test_a_cell_takes_them_without_an_import() -> None:
    cell = mc.cell("var last = x[x.shape[0] - 1, 0]\n", inputs={"x": X}, outputs=["last"])
    assert cell.outputs["last"] == 3


def test_what_is_not_imported_has_a_hint() -> None:
    with pytest.raises(mc.MojoCompileError) as caught:
        mc.compile("def f(x: NDSpan[DType.float64, 2, _]) -> Int:\n    return len(x)\n")
    assert "`from mojocell import NDSpan`" in str(caught.value)
