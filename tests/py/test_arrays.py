"""Arrays as arguments: whatever shows its memory is passed as it is, copied where it is only read, or refused with the line to write."""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import mmap
import os
import re
import subprocess
import sys
import warnings
from typing import Any

import numpy  # noqa: ICN001  # as messages have it
import pandas  # noqa: ICN001
import polars  # noqa: ICN001
import pyarrow  # noqa: ICN001
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mojocell import _bridge
from thunks import make

SUM = make("mean", "(Span[Float64]) -> Float64", "x", "sum")
FILL = make("fill", "(MutSpan[Float64], Float64) -> None", "x value")
DTYPES = {
    "Bool": "bool",
    "Int8": "int8",
    "Int16": "int16",
    "Int32": "int32",
    "Int64": "int64",
    "Int": "int64",
    "UInt8": "uint8",
    "UInt16": "uint16",
    "UInt32": "uint32",
    "UInt64": "uint64",
    "UInt": "uint64",
    "Float16": "float16",
    "Float32": "float32",
    "Float64": "float64",
}


def where(type_: str, span: str = "Span") -> Any:
    """Return a function that gives address and count of what it got."""
    return make("mean", f"({span}[{type_}]) -> Tuple[UInt, Int]", "x", "where")


def echo(type_: str) -> Any:
    """Return a function that gives back what it got."""
    return make(
        "echo", f"(Span[{type_}]) -> List[{type_}]", "x", f"echo_list_{numpy.dtype(DTYPES[type_]).itemsize}"
    )


def refusal(function: Any, *args: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*args)
    name, _, reason = str(caught.value).partition(f" of {function.__name__}: ")
    assert name == "argument 'x'"
    return reason


def written(function: Any, x: Any, *more: Any) -> Any:
    """What the line that the refusal says to write makes of x."""
    line = re.search(r"(?:write|go on with that: y =) (.+?)(?: to round them)?$", refusal(function, x, *more))
    assert line
    return eval(line[1], {"numpy": numpy, "x": x})  # noqa: S307


# ---- NumPy ----------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", sorted(DTYPES))
@pytest.mark.parametrize("span", ["Span", "MutSpan"])
def test_an_array_is_passed_as_it_is(type_: str, span: str) -> None:
    x = numpy.ones(5, DTYPES[type_])
    assert where(type_, span)(x) == (x.ctypes.data, 5)
    assert where(type_, span)(x[1:]) == (x[1:].ctypes.data, 4)
    assert where(type_, span)(x[:0])[1] == 0
    assert where(type_, span)(x[2:3:7]) == (x[2:].ctypes.data, 1)
    assert where(type_, span)(numpy.ones((5, 1), x.dtype)[:, 0])[1] == 5


@pytest.mark.parametrize("type_", sorted(DTYPES))
@pytest.mark.parametrize(
    "dtype",
    [*sorted(set(DTYPES.values())), "complex128", "M8[s]", "m8[s]", "S3", "U3", "i4,f4", "longdouble"],
)
def test_another_type_of_element_is_refused_with_the_line_that_helps(type_: str, dtype: str) -> None:
    x = numpy.zeros(3, dtype)
    if x.dtype == DTYPES[type_]:
        assert where(type_)(x) == (x.ctypes.data, 3)
        return
    reason = refusal(where(type_), x)
    assert f"Mojo wants {type_}" in reason
    if x.dtype.kind in "biufMm":
        name = numpy.dtype(DTYPES[type_]).name.replace("bool", "bool_")
        assert reason.startswith(x.dtype.name.partition("[")[0])
        assert reason.endswith(f"; write x.astype(numpy.{name})")
        assert where(type_)(written(where(type_), x))[1] == 3
    elif dtype == "complex128":
        assert reason.endswith("; pass x.real and x.imag, each as a span")
    else:
        assert "write" not in reason


@pytest.mark.parametrize("type_", [t for t in sorted(DTYPES) if t not in ("Bool", "Int8", "UInt8")])
def test_foreign_byte_order_is_read_and_not_written(type_: str) -> None:
    x = numpy.arange(3).astype(DTYPES[type_])
    swapped = x.astype(x.dtype.newbyteorder(">" if sys.byteorder == "little" else "<"))
    assert echo(type_)(swapped).tolist() == [0, 1, 2]
    if type_ != "Float16":
        assert echo(type_)(memoryview(swapped)).tolist() == [0, 1, 2]
    assert "elements are in foreign byte order, and Mojo writes" in refusal(where(type_, "MutSpan"), swapped)
    assert where(type_)(x.astype(x.dtype.newbyteorder("=")))[1] == 3


@given(
    hnp.arrays(numpy.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5), elements=st.floats(-1e6, 1e6)),
    st.integers(-3, 3).filter(bool),
)  # fmt: skip
def test_arrays_of_any_shape_are_summed_or_refused_with_a_line_that_helps(x: Any, step: int) -> None:
    if x.ndim:
        x = x[..., ::step]
    if x.ndim != 1:
        x = written(SUM, x)
    assert SUM(x) == pytest.approx(x.sum(), abs=1e-3)


def test_elements_that_are_not_contiguous() -> None:
    x = numpy.arange(6.0)
    assert SUM(x[::2]) == 6.0
    assert echo("Float64")(x[::-2]).tolist() == [5, 3, 1]
    assert SUM(numpy.broadcast_to(1.0, 3)) == 3.0
    assert refusal(FILL, x[::2], 1.0) == (
        "its elements are not contiguous, and Mojo writes to a Span[mut=True]; "
        "write y = numpy.array(x, dtype=numpy.float64), pass y, then write x[:] = y"
    )
    record = numpy.ones(3, "f8,f4")
    assert SUM(record["f0"]) == 3.0
    assert "not contiguous" in refusal(FILL, record["f0"], 1.0)


def test_elements_that_are_not_aligned() -> None:
    x = numpy.frombuffer(bytearray(17), numpy.uint8)[1:].view(numpy.float64)
    x[:] = [1.5, 2.0]
    assert SUM(x) == 3.5
    assert SUM(memoryview(x)) == 3.5
    assert "its elements are not aligned in memory, and Mojo writes" in refusal(FILL, x, 1.0)


def test_dimensions() -> None:
    assert (
        refusal(SUM, numpy.array(1.0))
        == "an array without a dimension, Mojo wants Span[Float64]; write x.reshape(1)"
    )
    assert refusal(SUM, numpy.ones((2, 3))) == (
        "2 dimensions, Mojo wants Span[Float64]; take an NDSpan[DType.float64, 2, _] in Mojo, or write x.reshape(-1)"
    )
    assert SUM(written(SUM, numpy.array(1.0))) == 1.0
    assert SUM(written(SUM, numpy.ones((2, 3)))) == 6.0
    assert SUM(numpy.zeros(0)) == 0.0


def test_only_what_is_writable_is_written_to() -> None:
    x = numpy.zeros(3)
    FILL(x, 2.5)
    assert x.tolist() == [2.5] * 3
    x.flags.writeable = False
    assert SUM(x) == 7.5
    assert (
        refusal(FILL, x, 1.0)
        == "it is read-only, and Mojo writes to a Span[mut=True]; pass a copy and go on with that: y = numpy.array(x)"
    )
    FILL(written(FILL, x, 1.0), 1.0)
    assert x.tolist() == [2.5] * 3
    assert "read-only" in refusal(FILL, numpy.frombuffer(bytes(16)), 1.0)


def test_a_masked_array_is_refused() -> None:
    x = numpy.ma.masked_array([1.0, 2.0], [True, False])
    assert refusal(SUM, x) == (
        "1 of its elements is masked, which Mojo does not see; "
        "write x.compressed() to leave them out, or x.filled(value) to give them a value"
    )
    assert SUM(x.compressed()) == 2.0
    assert SUM(numpy.ma.masked_array([1.0, 2.0])) == 3.0


def test_a_subclass_is_an_array() -> None:
    class Mine(numpy.ndarray):
        pass

    assert SUM(numpy.ones(3).view(Mine)) == 3.0
    assert "2 dimensions" in refusal(SUM, numpy.ones((1, 2)).view(Mine))


def test_a_list_is_no_memory() -> None:
    assert (
        refusal(SUM, [1.0]) == "Mojo wants Span[Float64], got list; write numpy.array(x, dtype=numpy.float64)"
    )
    assert SUM(written(SUM, [1.0, 2.0])) == 3.0
    for type_, dtype in DTYPES.items():
        values = [True, False] if type_ == "Bool" else [1, 0]
        assert written(where(type_), values).dtype == dtype
        assert written(where(type_), tuple(values)).dtype == dtype
    assert refusal(where("Int64"), [1, 1.5]) == "element 1: Mojo wants Int64, got float"


@pytest.mark.parametrize(
    "value", [None, 1.0, "text", object(), {1.0}, numpy.ndarray, range(3), numpy.float64(1)]
)
def test_what_shows_no_memory_is_refused(value: Any) -> None:
    reason = refusal(SUM, value)
    assert reason.startswith(("Mojo wants Span[Float64], got ", "an array without a dimension"))


# ---- the buffer protocol --------------------------------------------------------------------


def test_buffers_are_passed_as_they_are() -> None:
    floats = array.array("d", [1.0, 2.5])
    assert SUM(floats) == 3.5
    assert where("Float64", "MutSpan")(floats) == floats.buffer_info()
    assert SUM(memoryview(floats)) == 3.5
    assert SUM(memoryview(floats)[1:]) == 2.5
    assert SUM((ctypes.c_double * 2)(1, 2)) == 3.0
    assert where("UInt8")(b"abc")[1] == 3
    assert where("UInt8", "MutSpan")(bytearray(b"abc"))[1] == 3
    assert where("UInt8")(b"")[1] == 0
    with mmap.mmap(-1, 4096) as memory:
        assert where("UInt8", "MutSpan")(memory)[1] == 4096
    for code, type_ in zip(
        "bBhHiIqQf",
        ["Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float32"],
        strict=True,
    ):
        assert where(type_)(array.array(code, [1, 2]))[1] == 2
        assert where(type_)(memoryview(array.array(code, [1, 2])).cast("B").cast(code))[1] == 2
    assert where("Int64")(array.array("l", [1]))[1] == 1
    assert where("Bool")(memoryview(bytearray(2)).cast("?"))[1] == 2


def test_buffers_that_do_not_fit() -> None:
    assert (
        refusal(SUM, array.array("f", [1]))
        == "float32 elements, Mojo wants Float64; write numpy.array(x, dtype=numpy.float64)"
    )
    assert SUM(written(SUM, array.array("f", [1]))) == 1.0
    assert "uint8 elements" in refusal(SUM, b"12345678")
    assert "uint8 elements" in refusal(where("Int8"), bytearray(2))
    assert "read-only" in refusal(where("UInt8", "MutSpan"), b"abc")
    assert SUM(memoryview(array.array("d", [1, 2, 3]))[::2]) == 4.0
    assert "2 dimensions" in refusal(SUM, memoryview(array.array("d", [1, 2])).cast("B").cast("d", (1, 2)))
    assert "without a dimension" in refusal(SUM, ctypes.c_double(1))
    assert "structured elements" in refusal(SUM, numpy.zeros(1, "f8,f8").data)

    class Pair(ctypes.BigEndianStructure):
        _fields_ = (("a", ctypes.c_double),)

    assert "structured elements" in refusal(SUM, (Pair * 2)())


def test_a_buffer_is_held_during_the_call_and_no_longer() -> None:
    memory = bytearray(8)
    assert where("UInt8", "MutSpan")(memory)[1] == 8
    with pytest.raises(TypeError):
        where("Int8", "MutSpan")(memory)
    memory.append(1)  # BufferError where somebody still held it


# ---- __array_interface__, __array__ ---------------------------------------------------------


class Interface:
    """An array by __array_interface__ alone."""

    def __init__(self, x: Any, **changes: Any) -> None:
        self.x = x
        self.__array_interface__ = {**x.__array_interface__, **changes}


def test_the_array_interface() -> None:
    x = numpy.arange(4.0)
    assert where("Float64", "MutSpan")(Interface(x)) == (x.ctypes.data, 4)
    assert SUM(Interface(x, strides=(8,))) == 6.0
    assert SUM(Interface(x[::2])) == 2.0
    assert SUM(Interface(x.astype(">f8"))) == 6.0
    assert "int64 elements" in refusal(SUM, Interface(x, typestr="<i8"))
    assert "without a dimension" in refusal(SUM, Interface(x, shape=()))
    assert "2 dimensions" in refusal(SUM, Interface(x, shape=(2, 2)))
    x.flags.writeable = False
    assert "read-only" in refusal(where("Float64", "MutSpan"), Interface(x))
    for broken in (
        {"typestr": 3},
        {"shape": None},
        {"data": None},
        {"data": (1,)},
        {"typestr": "f"},
        {"strides": 8},
    ):
        assert refusal(SUM, Interface(x, **broken)) == "Mojo wants Span[Float64], got Interface"


class Method:
    """An array by __array__ alone."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.make()


class OldMethod:
    """The same, from before NumPy 2."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def __array__(self) -> Any:
        return self.make()


@pytest.mark.parametrize("kind", [Method, OldMethod])
def test_the_array_method(kind: Any) -> None:
    x = numpy.arange(4.0)
    assert where("Float64", "MutSpan")(kind(lambda: x)) == (x.ctypes.data, 4)
    assert SUM(kind(x.view)) == 6.0
    assert SUM(kind(x.copy)) == 6.0
    assert refusal(FILL, kind(x.copy), 1.0) == (
        "it gives its elements as an array only by a copy, and Mojo writes to a Span[mut=True]; "
        "pass a copy and go on with that: y = numpy.array(x)"
    )
    assert "2 dimensions" in refusal(SUM, kind(lambda: numpy.ones((2, 2))))
    assert "float32 elements" in refusal(SUM, kind(x.astype("f4").view))
    with pytest.raises(KeyboardInterrupt):
        SUM(kind(lambda: (_ for _ in ()).throw(KeyboardInterrupt)))


def test_what_an_attribute_raises_passes() -> None:
    class Broken:
        @property
        def __array_interface__(self) -> Any:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        SUM(Broken())


# ---- DLPack ---------------------------------------------------------------------------------


class Tensor:
    """A tensor by DLPack alone."""

    def __init__(self, x: Any, *, old: bool = False, device: tuple[int, int] = (1, 0)) -> None:
        self.x = x
        self.old = old
        self.device = device

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, **options: Any) -> Any:
        if self.old and options:
            raise TypeError(options)
        return self.x.__dlpack__(**options)


@pytest.mark.parametrize("old", [False, True])
def test_dlpack(old: bool) -> None:
    x = numpy.arange(4.0)
    assert where("Float64", "MutSpan")(Tensor(x, old=old)) == (x.ctypes.data, 4)
    assert SUM(Tensor(x[1:], old=old)) == 6.0
    for type_, dtype in DTYPES.items():
        assert where(type_)(Tensor(numpy.ones(2, dtype), old=old))[1] == 2
    assert SUM(Tensor(x[::2], old=old)) == 2.0
    assert "float32 elements" in refusal(SUM, Tensor(x.astype("f4"), old=old))
    assert "complex128 elements" in refusal(SUM, Tensor(x.astype("c16"), old=old))
    assert "2 dimensions" in refusal(SUM, Tensor(x.reshape(2, 2), old=old))
    assert "without a dimension" in refusal(SUM, Tensor(numpy.array(1.0), old=old))
    assert refusal(SUM, Tensor(x, old=old, device=(2, 0))) == (
        "its memory is on another device than the processor; write x.cpu()"
    )
    before = sys.getrefcount(x)
    for _ in range(100):
        SUM(Tensor(x, old=old))
    assert sys.getrefcount(x) == before


# ---- pandas, polars, pyarrow ----------------------------------------------------------------


def test_a_column_of_pandas_is_passed_as_it_is() -> None:
    frame = pandas.DataFrame({"a": numpy.arange(4.0), "b": [1, 2, 3, 4]})
    column = frame["a"]
    assert where("Float64")(column) == (column.to_numpy().ctypes.data, 4)
    assert SUM(column) == 6.0
    assert SUM(column.array) == 6.0
    assert SUM(pandas.Index([1.0, 2.0])) == 3.0
    assert where("Int64")(frame["b"])[1] == 4
    assert refusal(SUM, frame["b"]) == "int64 elements, Mojo wants Float64; write x.astype(numpy.float64)"
    assert SUM(written(SUM, frame["b"])) == 10.0
    assert (
        refusal(SUM, frame[["a"]])
        == "2 dimensions, Mojo wants Span[Float64]; take an NDSpan[DType.float64, 2, _] in Mojo, or write x.to_numpy().reshape(-1)"
    )
    assert SUM(column[::2]) == 2.0


def test_a_column_of_pandas_that_is_no_memory() -> None:
    missing = pandas.Series([1, None], dtype="Int64")
    assert refusal(SUM, missing)
    assert refusal(SUM, pandas.Series(["a", "b"]))
    assert refusal(SUM, pandas.Series([True, None]))
    assert refusal(SUM, pandas.Series(["a"], dtype="category"))
    assert refusal(SUM, pandas.Series(pandas.to_datetime(["2020-01-01"])))


def test_a_column_of_polars_is_passed_as_it_is() -> None:
    series = polars.Series([1.0, 2.5, 3.0])
    assert where("Float64")(series) == (series.to_numpy(allow_copy=False).ctypes.data, 3)
    assert SUM(series) == 6.5
    assert SUM(series[1:]) == 5.5
    assert SUM(polars.DataFrame({"a": [1.0], "b": [2]})["a"]) == 1.0
    assert SUM(polars.Series([], dtype=polars.Float64)) == 0.0
    for type_, dtype in DTYPES.items():
        if type_ != "Bool":
            assert where(type_)(polars.Series(numpy.ones(2, dtype)))[1] == 2


def test_a_column_of_polars_that_does_not_fit() -> None:
    reason = refusal(SUM, polars.Series([1.0, None, None]))
    assert reason == (
        "2 of its elements are missing, which Mojo has no value for; "
        "write x.drop_nulls() to leave them out, or x.fill_null(value) to give them a value"
    )
    chunks = polars.concat([polars.Series([1.0]), polars.Series([2.0])], rechunk=False)
    with pytest.warns(_bridge.CopyWarning, match="several chunks"):
        assert SUM(chunks) == 3.0
    assert SUM(chunks.rechunk()) == 3.0
    assert refusal(SUM, polars.Series([1])) == (
        "int64 elements, Mojo wants Float64; write numpy.array(x, dtype=numpy.float64)"
    )
    assert where("Bool")(polars.Series([True]))[1] == 1
    assert "its elements are texts or bytes" in refusal(SUM, polars.Series(["a"]))
    assert "records of several fields" in refusal(SUM, polars.Series([{"a": 1}]))
    assert refusal(SUM, polars.DataFrame({"a": [1.0]})) == (
        "a table; pass one of its columns, or x.to_numpy() for an NDSpan"
    )
    assert "read-only" in refusal(where("Float64", "MutSpan"), polars.Series([1.0]))


def test_an_array_of_pyarrow_is_passed_as_it_is() -> None:
    values = pyarrow.array([1.0, 2.5, 3.0])
    assert where("Float64")(values) == (values.buffers()[1].address, 3)
    assert SUM(values[1:]) == 5.5
    assert SUM(values[3:]) == 0.0
    assert SUM(pyarrow.chunked_array([[1.0, 2.0]])) == 3.0
    assert SUM(pyarrow.chunked_array([[], [1.0, 2.0], []], pyarrow.float64())) == 3.0
    assert SUM(pyarrow.chunked_array([], pyarrow.float64())) == 0.0
    assert SUM(pyarrow.table({"a": [1.0]})["a"]) == 1.0
    assert where("Int8")(pyarrow.py_buffer(b"abc"))[1] == 3
    assert (
        where("Float16")(pyarrow.array(numpy.array([1.5, 2.5], "float16")))[1] == 2
    )  # as PyArrow 20 wants it
    masked = pyarrow.array([1.0, None, 3.0, 4.0])
    assert SUM(masked[2:]) == 7.0


def test_an_array_of_pyarrow_that_does_not_fit() -> None:
    assert "1 of its elements is missing" in refusal(SUM, pyarrow.array([1.0, None]))
    assert "1 of its elements is missing" in refusal(SUM, pyarrow.array([1.0, None, 2.0])[1:])
    assert "int64 elements" in refusal(SUM, pyarrow.array([1, 2]))
    assert "numbered in a dictionary" in refusal(SUM, pyarrow.array(["a", "a"]).dictionary_encode())
    assert "a table" in refusal(SUM, pyarrow.table({"a": [1.0]}))


@pytest.mark.parametrize(
    "value",
    [
        numpy.ones(3),
        numpy.ones(3)[::2],
        memoryview(numpy.ones(3)),
        array.array("d", [1]),
        Interface(numpy.ones(3)),
        Method(numpy.ones(3).view),
        Tensor(numpy.ones(3)),
        pandas.Series([1.0]),
        polars.Series([1.0]),
        polars.Series([1.0, None]),
        pyarrow.array([1.0]),
        pyarrow.chunked_array([[1.0]]),
        pyarrow.chunked_array([[1.0], [2.0]]),
        [1.0],
        None,
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_is_left_behind(value: Any) -> None:
    def call() -> None:
        with contextlib.suppress(TypeError, ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore", _bridge.CopyWarning)
            SUM(value)

    for _ in range(50):
        call()
    gc.collect()
    references, blocks = sys.getrefcount(value), sys.getallocatedblocks()
    for _ in range(2000):
        call()
    gc.collect()
    assert abs(sys.getrefcount(value) - references) < 10
    assert sys.getallocatedblocks() - blocks < 1000  # a leak would be one a call


WITHOUT_NUMPY = """
import sys, importlib.abc

class Gone(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "numpy":
            raise ModuleNotFoundError("No module named 'numpy'", name="numpy")

sys.meta_path.insert(0, Gone())
from thunks import make
make("mean", "(Span[Float64]) -> Float64", "x", "sum")({})
"""


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("[1.0, 2.0]", "write numpy.array(x, dtype=numpy.float64) (NumPy is not here: pip install numpy)"),
        ("object()", "Mojo wants Span[Float64], got object"),
    ],
)
def test_advice_for_numpy_says_where_there_is_none(argument: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMPY.format(argument)],
        env={**os.environ, "PYTHONPATH": os.path.dirname(__file__)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1].endswith(said)
