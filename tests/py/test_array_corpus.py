"""Objects as libraries hand them over, for spans, mutable spans and lists, inline and isolated.

Each gives the right value, or is refused with advice that is followed here and then gives it. Where a library is too
large to have here, what speaks its protocols stands for it, as it was seen from the library itself.
"""

from __future__ import annotations

import array
import collections
import ctypes
import datetime as dt
import decimal
import fractions
import re
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import ml_dtypes
import numpy  # noqa: ICN001  # as messages have it
import pandas  # noqa: ICN001
import polars  # noqa: ICN001
import pyarrow  # noqa: ICN001
import pytest

import mojocell as mc
import thunks

SCALARS = ["Float64", "Float32", "Float16", "BFloat16", "Int64", "Int32", "UInt64", "UInt8", "Bool"]
SOURCE = "\n".join(
    f"""
def span_{name}(x: Span[{name}, _]) -> List[{name}]:
    return List[{name}](x)

def list_{name}(x: List[{name}]) -> List[{name}]:
    return x.copy()

def write_{name}(x: Span[mut=True, {name}, _]) -> Int:
    for i in range(len(x)):
        x[i] = {"not x[i]" if name == "Bool" else f"x[i] + {name}(1)"}
    return len(x)
"""
    for name in SCALARS
)


@pytest.fixture(scope="module")
def module() -> mc.MojoModule:
    return mc.compile(SOURCE)


class Case(NamedTuple):
    """What is made, Mojo's type, what is in it; and what is right where the advice is to leave some of it out."""

    make: Callable[[], Any]
    type_: str
    values: list[Any] | None
    """None: nothing of it is a number, and no advice makes it one."""


def unaligned(values: list[float]) -> Any:
    memory = bytearray(8 * len(values) + 1)
    x = numpy.frombuffer(memory, numpy.uint8)[1:].view(numpy.float64)
    x[:] = values
    return x


def lazy() -> Any:
    """A column that has several chunks, as a filter of polars gives it."""
    return polars.concat([polars.Series("a", [1.0]), polars.Series("a", [2.0, 3.0])], rechunk=False)


class Tensor:
    """A tensor as torch has it: DLPack, and what it says of itself."""

    __module__ = "torch"
    requires_grad = False
    layout = "torch.strided"
    device = "cpu"
    is_meta = False
    is_quantized = False

    def __init__(self, x: Any) -> None:
        self.x = x

    def is_conj(self) -> bool:
        return False

    def is_neg(self) -> bool:
        return False

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __dlpack__(self, **options: Any) -> Any:
        if self.requires_grad:
            msg = "Can't export tensors that require gradient, use tensor.detach()"
            raise BufferError(msg)
        return self.x.__dlpack__(**options)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    def __setitem__(self, key: Any, value: Any) -> None:
        self.x[key] = value.x  # an array of NumPy is not taken

    @property
    def shape(self) -> Any:
        return self.x.shape

    def _same(self) -> Tensor:
        return Tensor(self.x)

    detach = cpu = to_dense = dequantize = _same

    def contiguous(self) -> Tensor:
        return Tensor(numpy.array(self.x))

    def double(self) -> Tensor:
        return Tensor(self.x.astype(numpy.float64))

    def reshape(self, *shape: int) -> Tensor:
        return Tensor(self.x.reshape(*shape))

    @property
    def real(self) -> Tensor:
        return Tensor(self.x.real)

    @property
    def imag(self) -> Tensor:
        return Tensor(self.x.imag)


class Conjugated(Tensor):
    """What torch.conj() gives: the same memory, which is not exported as long as a bit says how to read it."""

    __module__ = "torch"

    def is_conj(self) -> bool:
        return True

    def __dlpack__(self, **options: Any) -> Any:
        msg = "Can't export tensors with the conjugate bit set"
        raise BufferError(msg)

    def resolve_conj(self) -> Tensor:
        return Tensor(self.x.conj())


class Negated(Tensor):
    """The imaginary part of such a tensor: its memory has the other sign, and is exported as it is."""

    __module__ = "torch"

    def is_neg(self) -> bool:
        return True

    def resolve_neg(self) -> Tensor:
        return Tensor(-self.x)


class Tracer:
    """What a function has under jax.jit or jax.grad in the place of an array: its type and no values."""

    __module__ = "jax._src.core"

    def __init__(self, dtype: Any, *shape: int) -> None:
        self.dtype = numpy.dtype(dtype)
        self.shape = shape
        self.ndim = len(shape)

    def _fails(self, *_: Any, **__: Any) -> Any:
        msg = "The numpy.ndarray conversion method __array__() was called on traced array"
        raise TypeError(msg)

    __array__ = __iter__ = __len__ = __index__ = __float__ = __int__ = __bool__ = _fails


class DynamicJaxprTracer(Tracer):
    """The tracer of jax.jit."""

    __module__ = "jax._src.interpreters.partial_eval"


class Deleted:
    """An array of JAX whose memory was freed, or donated to a compiled function."""

    __module__ = "jaxlib._jax"

    def is_deleted(self) -> bool:
        return True

    def _fails(self, *_: Any, **__: Any) -> Any:
        msg = "Array has been deleted with shape=float64[2]."
        raise RuntimeError(msg)

    __array__ = __dlpack__ = __dlpack_device__ = __iter__ = __len__ = _fails


def tensor(values: Any, **says: Any) -> Tensor:
    made = Tensor(numpy.asarray(values))
    for name, value in says.items():
        setattr(made, name, value)
    return made


class DataArray:
    """One of xarray: __array__ that knows no copy, and an Arrow table of its coordinates beside the values."""

    __module__ = "xarray.core.dataarray"

    def __init__(self, values: Any) -> None:
        self.values = numpy.asarray(values)
        self.dtype = self.values.dtype
        self.shape = self.values.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return numpy.array(self.values, dtype, copy=copy or None)

    def __arrow_c_stream__(self, schema: Any = None) -> Any:
        return pyarrow.table({"x": range(len(self.values)), "v": self.values}).__arrow_c_stream__(schema)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.values[key] = value

    def astype(self, dtype: Any) -> DataArray:
        return DataArray(self.values.astype(dtype))

    def to_numpy(self) -> Any:
        return self.values


class Lazy:
    """An array of dask: __array__ computes a new one each time."""

    __module__ = "dask.array.core"

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return numpy.array(self.values)


NAN = float("nan")
CASES = {
    # NumPy
    "an array": Case(lambda: numpy.array([1.0, 2.0]), "Float64", [1, 2]),
    "an empty array": Case(lambda: numpy.zeros(0), "Float64", []),
    "NaN is a number": Case(lambda: numpy.array([1.0, NAN]), "Float64", [1, NAN]),
    "every second": Case(lambda: numpy.arange(6.0)[::2], "Float64", [0, 2, 4]),
    "from the end": Case(lambda: numpy.arange(3.0)[::-1], "Float64", [2, 1, 0]),
    "one value over and over": Case(lambda: numpy.broadcast_to(1.5, 3), "Float64", [1.5] * 3),
    "unaligned": Case(lambda: unaligned([1, 2]), "Float64", [1, 2]),
    "foreign byte order": Case(lambda: numpy.arange(3).astype(">f8"), "Float64", [0, 1, 2]),
    "foreign ints, reversed": Case(lambda: numpy.arange(3).astype(">i4")[::-1], "Int32", [2, 1, 0]),
    "foreign half floats": Case(lambda: numpy.arange(3).astype(">f2"), "Float16", [0, 1, 2]),
    "a field": Case(lambda: numpy.array([(1, 2), (3, 4)], "f8,i4")["f0"], "Float64", [1, 3]),
    "a column": Case(lambda: numpy.arange(6.0).reshape(3, 2)[:, 1], "Float64", [1, 3, 5]),
    "two dimensions": Case(lambda: numpy.arange(4.0).reshape(2, 2), "Float64", [0, 1, 2, 3]),
    "transposed": Case(lambda: numpy.arange(4.0).reshape(2, 2).T, "Float64", [0, 2, 1, 3]),
    "no dimension": Case(lambda: numpy.array(1.5), "Float64", [1.5]),
    "read-only": Case(lambda: numpy.frombuffer(numpy.array([1.0, 2.0]).tobytes()), "Float64", [1, 2]),
    "bools of other bytes": Case(lambda: numpy.array([0, 2, 1], "u1").view(bool), "Bool", [False, True, True]),
    "ints for floats": Case(lambda: numpy.arange(3), "Float64", [0, 1, 2]),
    "ints above 2^53 for floats": Case(lambda: numpy.array([2**53 + 1, 0]), "Float64", [2**53 + 1, 0]),
    "unsigned above 2^63 for signed": Case(lambda: numpy.array([2**63, 1], "u8"), "Int64", [2**63, 1]),
    "negative for unsigned": Case(lambda: numpy.array([-1, 1]), "UInt64", [-1, 1]),
    "300 for a byte": Case(lambda: numpy.array([300, 1]), "UInt8", [300, 1]),
    "halves for ints": Case(lambda: numpy.array([1.5, 2]), "Int64", [1.5, 2]),
    "NaN for ints": Case(lambda: numpy.array([NAN, 2]), "Int64", [NAN, 2]),
    "1e300 for a narrow float": Case(lambda: numpy.array([1e300, 2]), "Float32", [1e300, 2]),
    "tenths for a narrow float": Case(lambda: numpy.array([0.1]), "Float32", [float(numpy.float32(0.1))]),
    "twos for bools": Case(lambda: numpy.array([0, 2]), "Bool", [0, 2]),
    "longdouble": Case(lambda: numpy.array([1.5, 2], "g"), "Float64", [1.5, 2]),
    "longdouble that no float is": Case(lambda: numpy.array(["1e400"], "g"), "Float64", None),
    "complex": Case(lambda: numpy.array([1 + 2j, 3]), "Float64", [1 + 2j, 3]),
    "objects": Case(lambda: numpy.array([1.5, 2], object), "Float64", [1.5, 2]),
    "objects with None": Case(lambda: numpy.array([1.5, None], object), "Float64", [1.5]),
    "objects that are no ints": Case(lambda: numpy.array([1.5, 2], object), "Int64", None),
    "texts": Case(lambda: numpy.array(["1", "2"]), "Float64", None),
    "times": Case(lambda: numpy.array(["1970-01-01T00:00:02"], "M8[s]"), "Int64", [2]),
    "times with a gap": Case(lambda: numpy.array(["1970-01-01T00:00:02", "NaT"], "M8[s]"), "Int64", [2]),
    "masked": Case(lambda: numpy.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0]), "Float64", [1, 3]),
    "nothing masked": Case(lambda: numpy.ma.masked_array([1.0, 2.0]), "Float64", [1, 2]),
    # the buffer protocol
    "array.array": Case(lambda: array.array("d", [1, 2]), "Float64", [1, 2]),
    "a memoryview with gaps": Case(lambda: memoryview(array.array("d", [1, 2, 3]))[::2], "Float64", [1, 3]),
    "bytes": Case(lambda: b"ab", "UInt8", [97, 98]),
    "an array of ctypes": Case(lambda: (ctypes.c_double * 2)(1, 2), "Float64", [1, 2]),
    # pandas
    "a column of pandas": Case(lambda: pandas.DataFrame({"a": [1.0, 2.0]})["a"], "Float64", [1, 2]),
    "a row of pandas": Case(lambda: pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}).T[0], "Float64", [1, 3]),
    "a column from its end": Case(lambda: pandas.Series([1.0, 2.0])[::-1], "Float64", [2, 1]),
    "a frame": Case(lambda: pandas.DataFrame({"a": [1.0], "b": [2.0]}), "Float64", [1, 2]),
    "an Index": Case(lambda: pandas.Index([1.0, 2.0]), "Float64", [1, 2]),
    "Int64": Case(lambda: pandas.Series([1, 2], dtype="Int64"), "Int64", [1, 2]),
    "Int64 with NA": Case(lambda: pandas.Series([1, None, 3], dtype="Int64"), "Int64", [1, 3]),
    "Float64 with NA": Case(lambda: pandas.Series([1, None], dtype="Float64"), "Float64", [1]),
    "boolean": Case(lambda: pandas.Series([True, False], dtype="boolean"), "Bool", [True, False]),
    "boolean with NA": Case(lambda: pandas.Series([True, None], dtype="boolean"), "Bool", [True]),
    "bools with None": Case(lambda: pandas.Series([True, None]), "Bool", [True]),
    "categories of numbers": Case(lambda: pandas.Series(pandas.Categorical([1.5, 2.5])), "Float64", [1.5, 2.5]),
    "categories with a gap": Case(lambda: pandas.Series(pandas.Categorical([1.5, None])), "Float64", [1.5]),
    "sparse": Case(lambda: pandas.Series(pandas.arrays.SparseArray([0.0, 1.0])), "Float64", [0, 1]),
    "texts of pandas": Case(lambda: pandas.Series(["a"]), "Float64", None),
    "times of pandas with a gap": Case(
        lambda: pandas.Series(pandas.to_datetime([2, None], unit="s")).astype("M8[s]"), "Int64", [2]
    ),
    "pandas by pyarrow": Case(lambda: pandas.Series([1.0, 2.0], dtype="float64[pyarrow]"), "Float64", [1, 2]),
    "pandas by pyarrow with NA": Case(lambda: pandas.Series([1, None], dtype="int64[pyarrow]"), "Int64", [1]),
    "bools by pyarrow": Case(lambda: pandas.Series([True, False], dtype="bool[pyarrow]"), "Bool", [True, False]),
    # polars
    "a column of polars": Case(lambda: polars.DataFrame({"a": [1.0, 2.0]})["a"], "Float64", [1, 2]),
    "chunks of polars": Case(lazy, "Float64", [1, 2, 3]),
    "chunks with an empty one": Case(lambda: polars.concat([lazy(), polars.Series("a", [], dtype=polars.Float64)], rechunk=False), "Float64", [1, 2, 3]),
    "polars with a null": Case(lambda: polars.Series([1.0, None, 3.0]), "Float64", [1, 3]),
    "bools of polars": Case(lambda: polars.Series([True] * 9 + [False]), "Bool", [True] * 9 + [False]),
    "a slice of bools": Case(lambda: polars.Series([True, False, True])[1:], "Bool", [False, True]),
    "ints of polars for floats": Case(lambda: polars.Series([1, 2]), "Float64", [1, 2]),
    "decimals of polars": Case(lambda: polars.Series([decimal.Decimal("1.5")]), "Float64", [1.5]),
    "dates of polars": Case(lambda: polars.Series([dt.date(1970, 1, 3)]), "Int32", [2]),
    "texts of polars": Case(lambda: polars.Series(["a"]), "Float64", None),
    "lists of polars": Case(lambda: polars.Series([[1.0]]), "Float64", None),
    "categories of polars": Case(lambda: polars.Series(["a"], dtype=polars.Categorical), "Float64", None),
    # pyarrow
    "pyarrow": Case(lambda: pyarrow.array([1.0, 2.0])[1:], "Float64", [2]),
    "pyarrow with a null": Case(lambda: pyarrow.array([1.0, None]), "Float64", [1]),
    "chunks of pyarrow": Case(lambda: pyarrow.chunked_array([[1.0], [2.0, 3.0]]), "Float64", [1, 2, 3]),
    "chunks with a null": Case(lambda: pyarrow.chunked_array([[1.0], [None, 3.0]]), "Float64", [1, 3]),
    "bools of pyarrow": Case(lambda: pyarrow.chunked_array([[True], [False]]), "Bool", [True, False]),
    "decimals": Case(lambda: pyarrow.array([decimal.Decimal("1.5")]), "Float64", [1.5]),
    "dates": Case(lambda: pyarrow.array([dt.date(1970, 1, 3)]), "Int32", [2]),
    "durations": Case(lambda: pyarrow.array([dt.timedelta(microseconds=2)]), "Int64", [2]),
    # torch, xarray, dask by their protocols
    "a tensor": Case(lambda: tensor([1.0, 2.0]), "Float64", [1, 2]),
    "a tensor with gaps": Case(lambda: tensor(numpy.arange(4.0)[::2]), "Float64", [0, 2]),
    "a transposed tensor": Case(lambda: tensor(numpy.arange(4.0).reshape(2, 2).T), "Float64", [0, 2, 1, 3]),
    "a tensor with gradients": Case(lambda: tensor([1.0], requires_grad=True), "Float64", [1]),
    "a tensor on a GPU": Case(lambda: tensor([1.0], device="cuda:0"), "Float64", [1]),
    "a sparse tensor": Case(lambda: tensor([1.0], layout="torch.sparse_coo"), "Float64", [1]),
    "a tensor without values": Case(lambda: tensor([1.0], is_meta=True), "Float64", None),
    "narrow floats of a tensor": Case(lambda: tensor(numpy.ones(2, "f4")), "Float64", [1, 1]),
    "a DataArray": Case(lambda: DataArray([1.0, 2.0]), "Float64", [1, 2]),
    "a DataArray with gaps": Case(lambda: DataArray(numpy.arange(4.0)[::2]), "Float64", [0, 2]),
    "a DataArray of ints": Case(lambda: DataArray([1, 2]), "Float64", [1, 2]),
    "dask": Case(lambda: Lazy([1.0, 2.0]), "Float64", [1, 2]),
    "a conjugated tensor": Case(lambda: Conjugated(numpy.array([1 + 2j, 3])), "Float64", [1 - 2j, 3]),
    "a negated tensor": Case(lambda: Negated(numpy.array([1.0, -2.0])), "Float64", [-1, 2]),
    "a tracer": Case(lambda: DynamicJaxprTracer("f8", 2), "Float64", None),
    "a deleted array of JAX": Case(Deleted, "Float64", None),
    "a tracer of one number": Case(lambda: Tracer("i8"), "Int64", None),
    # numbers that NumPy itself does not have
    "bfloat16": Case(lambda: numpy.array([1.5, -2], ml_dtypes.bfloat16), "Float64", [1.5, -2]),
    "bfloat16 for narrow floats": Case(lambda: numpy.array([1.5, NAN], ml_dtypes.bfloat16), "Float32", [1.5, NAN]),
    "bfloat16 for ints": Case(lambda: numpy.array([1, 2], ml_dtypes.bfloat16), "Int64", [1, 2]),
    "bfloat16 of halves for ints": Case(lambda: numpy.array([1.5], ml_dtypes.bfloat16), "Int64", [1.5]),
    "bfloat16 as it is": Case(lambda: numpy.array([1.5, NAN], ml_dtypes.bfloat16), "BFloat16", [1.5, NAN]),
    "bfloat16 in chunks of memory": Case(lambda: numpy.arange(4).astype(ml_dtypes.bfloat16)[::-1], "BFloat16", [3, 2, 1, 0]),
    "doubles for bfloat16": Case(lambda: numpy.array([1.5, -2]), "BFloat16", [1.5, -2]),
    "doubles that bfloat16 rounds": Case(lambda: numpy.array([1.00390625]), "BFloat16", [1.0]),
    "ints that bfloat16 cuts off": Case(lambda: numpy.array([256, 257]), "BFloat16", [256, 257]),
    "bfloat16 with gaps": Case(lambda: numpy.arange(4).astype(ml_dtypes.bfloat16)[::2], "Float32", [0, 2]),
    "floats of eight bits": Case(lambda: numpy.array([1.5, 2], ml_dtypes.float8_e4m3fn), "Float64", [1.5, 2]),
    "ints of four bits": Case(lambda: numpy.array([1, -2], ml_dtypes.int4), "Int32", [1, -2]),
    "unsigned of four bits for a byte": Case(lambda: numpy.array([1, 15], ml_dtypes.uint4), "UInt8", None),
    # Python
    "a list": Case(lambda: [1.5, 2], "Float64", [1.5, 2]),
    "a list that has None": Case(lambda: [1.5, None], "Float64", None),
    "a list of halves for ints": Case(lambda: [1.5], "Int64", None),
    "fractions": Case(lambda: (fractions.Fraction(1, 2), decimal.Decimal("0.25")), "Float64", [0.5, 0.25]),
    "range": Case(lambda: range(3), "Int64", [0, 1, 2]),
    "a deque": Case(lambda: collections.deque([1.5, 2]), "Float64", [1.5, 2]),
}  # fmt: skip
ADVICE = [  # and what is to be passed then
    r"(?:write|go on with that: y =) (?P<line>(?!y = ).+?)(?: to (?:leave them out|round them).*)?$",
    r"take a Span\[(?P<type>\w+)\] in Mojo$",
]


def same(found: Any, values: list[Any]) -> bool:
    return numpy.array_equal(numpy.asarray(found, object), numpy.asarray(values, object)) or all(
        a == b or (a is not None and numpy.isnan(a) and numpy.isnan(b))
        for a, b in zip(found, values, strict=True)
    )


def follow(call: Callable[[str, Any], Any], type_: str, x: Any) -> Any:
    """Pass x, and do what refusals say until it is taken; None where they say nothing to do."""
    for _ in range(4):
        try:
            return list(call(type_, x))
        except (TypeError, ValueError, OverflowError) as error:
            said = str(error)
        parts = re.search(r"pass x\.real and x\.imag", said)
        if parts:
            return [a + 1j * b for a, b in zip(call(type_, x.real), call(type_, x.imag), strict=True)]
        advice = next((found for found in (re.search(way, said) for way in ADVICE) if found), None)
        if advice is None:
            return None
        if "type" in advice.groupdict():
            type_ = advice["type"]
        else:
            x = eval(advice["line"], {"numpy": numpy, "ml_dtypes": ml_dtypes, "x": x})  # noqa: S307
    pytest.fail(f"no end of advice: {said}")


@pytest.mark.parametrize("mode", ["inline", "isolated"])
@pytest.mark.parametrize("kind", ["span", "list"])
@pytest.mark.parametrize("name", CASES)
def test_what_is_read_is_right(module: mc.MojoModule, name: str, kind: str, mode: str) -> None:
    case = CASES[name]

    def call(type_: str, x: Any) -> Any:
        return getattr(module, f"{kind}_{type_}").with_options(mode=mode)(x)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mc.CopyWarning)
        found = follow(call, case.type_, case.make())
    sequences = (range, collections.deque)
    if case.values is None or (kind == "span" and isinstance(case.make(), sequences)):
        assert found is None
    else:
        assert found is not None
        assert same(found, case.values)


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_is_seen(module: mc.MojoModule, name: str) -> None:
    """In the object itself, in what its refusal says to go on with, or in what it says to write back."""
    case = CASES[name]
    x = case.make()
    before = numpy.asarray(case.values if case.values is not None else [])
    names = {"numpy": numpy, "ml_dtypes": ml_dtypes, "x": x, "y": x}
    back = None
    for _ in range(3):
        try:
            getattr(module, f"write_{case.type_}")(names["y"])
            break
        except (TypeError, ValueError, OverflowError) as error:
            said = str(error)
        back = re.search(r"; write y = (.+), pass y, then write (.+)$", said)
        shared = back or re.search(r"; write (.+?)(?: to round them)?$", said)
        if not shared:
            return
        names["y"] = eval(shared[1], names)  # noqa: S307
    else:
        pytest.fail(f"no end of advice: {said}")
    if back:
        exec(back[2], names)  # noqa: S102
    shown = x.x if isinstance(x, Tensor) else numpy.asarray(x)
    expected = ~before if case.type_ == "Bool" else before + 1
    assert same(list(shown.reshape(-1)), list(expected))


@pytest.mark.parametrize("type_", ["Float64", "Int", "Bool", "Float32"])
def test_a_tracer_of_one_number_is_no_number(type_: str) -> None:
    one = thunks.make("f", f"({type_}) -> {type_}", "x", "echo")
    with pytest.raises(TypeError, match=r"argument 'x' of f: a tracer of JAX, .* jax\.pure_callback"):
        one(DynamicJaxprTracer("f8"))


@pytest.mark.parametrize("name", ["span_Float64", "list_Float64", "write_Float64"])
def test_an_array_that_jax_has_deleted_says_so(module: mc.MojoModule, name: str) -> None:
    with pytest.raises(
        ValueError, match=r"argument 'x' of \w+: JAX has deleted it, .* jax\.numpy\.copy\(x\)"
    ):
        getattr(module, name)(Deleted())


def test_there_are_as_many_as_promised() -> None:
    assert len(CASES) >= 60


def test_a_copy_of_chunks_is_told_once_and_counted(module: mc.MojoModule) -> None:
    chunks = lazy()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            module.span_Float64(chunks)
        module.list_Float64(chunks)
        module.span_Float64(chunks.rechunk())
        module.span_Float64(numpy.arange(6.0)[::2])
    assert [(one.category, str(one.message)) for one in told] == [
        (
            mc.CopyWarning,
            (
                "argument 'x' of span_Float64: its elements are in several chunks, so that each call copies them; "
                "to copy them once, pass x.rechunk()"
            ),
        )
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error", mc.CopyWarning)
        with pytest.raises(mc.CopyWarning, match="not contiguous"):
            module.span_Float64(numpy.zeros(20_000)[::2])
        warnings.simplefilter("ignore", mc.CopyWarning)
        found = mc.profile(module.span_Float64, chunks, rounds=1)
    assert (found.copies, found.copied) == (1, 24)
    assert "1 of the arguments copied first (24 bytes)" in repr(found)
    assert mc.profile(module.span_Float64, chunks.rechunk(), rounds=1).copies == 0


def test_rows_and_columns_of_frames(module: mc.MojoModule) -> None:
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    sums = frame.apply(lambda row: sum(module.span_Float64(row)), axis=1)
    assert sums.tolist() == [4, 6]
    assert numpy.apply_along_axis(module.span_Float64, 0, frame.to_numpy()).tolist() == [[1, 3], [2, 4]]


def test_an_index_is_never_written_to(module: mc.MojoModule) -> None:
    index = pandas.Index([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        module.write_Float64(index)
    assert index.get_loc(1.0) == 0


@pytest.mark.parametrize("mode", ["inline", "isolated"])
@pytest.mark.parametrize("name", ["span_Float64", "list_Float64", "write_Float64"])
def test_a_tracer_is_told_what_calls_a_function_later(module: mc.MojoModule, name: str, mode: str) -> None:
    function = getattr(module, name).with_options(mode=mode)
    with pytest.raises(TypeError, match=r"a tracer of JAX, which has no values yet; let jax\.pure_callback"):
        function(DynamicJaxprTracer("f8", 2))


def test_an_iterator_is_gone_through_once() -> None:
    both = mc.compile(
        "def f(x: List[Int]) -> Int: return len(x)\ndef f(x: List[Float64]) -> Int: return -len(x)"
    )
    assert both.f(range(3)) == 3
    with pytest.raises(TypeError, match=r"write list\(x\)"):
        both.f(iter([1, 2]))
