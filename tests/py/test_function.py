"""Calls of Mojo functions: arguments, results, failures, the object; over tests/fake/thunks.c."""

from __future__ import annotations

import contextlib
import copy
import decimal
import fractions
import functools
import gc
import inspect
import math
import pickle
import resource
import struct
import sys
import threading
import warnings
import weakref
from typing import Any

import ml_dtypes
import numpy  # noqa: ICN001  # as messages have it
import pytest
from hypothesis import given
from hypothesis import strategies as st

import thunks
from mojocell import _bridge
from thunks import entry, live, make

INTEGERS = {
    f"{sign}{bits}": (low, high)
    for bits in (8, 16, 32, 64)
    for sign, low, high in (
        ("Int", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1),
        ("UInt", 0, 2**bits - 1),
    )
}
INTEGERS["Int"] = INTEGERS["Int64"]
INTEGERS["UInt"] = INTEGERS["UInt64"]


def echo(type_: str) -> Any:
    return make("f", f"({type_}) -> {type_}", "n", "echo")


class Index:
    """A number by its __index__ alone."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Float:
    """A number by its __float__ alone."""

    def __float__(self) -> float:
        return 2.5


class Broken:
    """A number that raises."""

    def __index__(self) -> int:
        raise ZeroDivisionError

    __float__ = __index__


# ---- integers -------------------------------------------------------------------------------


@given(data=st.data(), type_=st.sampled_from(sorted(INTEGERS)))
def test_every_int_in_range_comes_back(data: st.DataObject, type_: str) -> None:
    low, high = INTEGERS[type_]
    number = data.draw(st.integers(low, high) | st.sampled_from([low, low + 1, 0, 1, high - 1, high]))
    assert echo(type_)(number) == number
    assert echo(type_)(Index(number)) == number


@given(data=st.data(), type_=st.sampled_from(sorted(INTEGERS)))
def test_an_int_out_of_range_is_an_overflow_that_names_argument_and_type(
    data: st.DataObject, type_: str
) -> None:
    low, high = INTEGERS[type_]
    number = data.draw(
        st.integers(max_value=low - 1)
        | st.integers(min_value=high + 1)
        | st.sampled_from([low - 1, high + 1])
    )
    with pytest.raises(
        OverflowError, match=rf"argument 'n' of f: .* does not fit into {type_} \({low} to {high}\)"
    ):
        echo(type_)(number)


def test_a_very_large_int_is_described_not_printed() -> None:
    with pytest.raises(OverflowError, match="an int of 100001 bits does not fit into Int "):
        echo("Int")(1 << 100_000)


@pytest.mark.parametrize("type_", sorted(INTEGERS))
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_numpy_integers_are_ints(type_: str, dtype: str) -> None:
    info = numpy.iinfo(dtype)
    low, high = INTEGERS[type_]
    for number in (info.min, 0, 1, info.max):
        scalar = numpy.dtype(dtype).type(number)
        if low <= number <= high:
            assert echo(type_)(scalar) == number
            assert echo(type_)(numpy.array(scalar)) == number
        else:
            with pytest.raises(OverflowError):
                echo(type_)(scalar)


def test_a_bool_is_an_int_as_everywhere_in_python() -> None:
    assert echo("Int")(True) == 1
    assert echo("UInt8")(False) == 0


def advised(type_: str, value: object) -> str:
    """Return what a refusal advises to write; nothing where it does not."""
    with pytest.raises(TypeError, match=f"argument 'n' of f: Mojo wants {type_}, got ") as caught:
        echo(type_)(value)
    return str(caught.value).partition("; write ")[2].removesuffix(" to round it")


@pytest.mark.parametrize(
    ("value", "advice", "given"),
    [
        (3.0, "int(n)", 3),
        (numpy.float32(1), "int(n)", 1),
        (numpy.float64(-4), "int(n)", -4),
        (numpy.True_, "int(n)", 1),
        (decimal.Decimal(7), "int(n)", 7),
        (numpy.array(5.0), "int(n)", 5),
        (2.5, "round(n)", 2),
        (1.75, "round(n)", 2),
        (numpy.float64(1.75), "round(n)", 2),
        (decimal.Decimal("1.5"), "round(n)", 2),
        (fractions.Fraction(1, 3), "round(n)", 0),
    ],
)
def test_what_is_advised_for_an_int_cuts_nothing_off(value: object, advice: str, given: int) -> None:
    assert advised("Int", value) == advice
    assert echo("Int")({"int(n)": int, "round(n)": round}[advice](value)) == given


@pytest.mark.parametrize(
    "value",
    [
        *(math.nan, math.inf, Float(), 1j, numpy.complex128(1), numpy.array([1.5])),
        *(numpy.timedelta64(3, "s"), numpy.datetime64("2020-01-01")),
    ],
)
def test_where_no_int_is_the_same_nothing_is_advised(value: object) -> None:
    assert advised("Int", value) == ""


@pytest.mark.parametrize("value", [None, "1", b"1", 1j, [1], object(), numpy.array([1, 2])])
def test_what_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match="argument 'n' of f: Mojo wants Int, got "):
        echo("Int")(value)


@pytest.mark.parametrize("type_", ["Int", "UInt8", "Float64", "Float32", "Float16", "BFloat16"])
def test_what_a_conversion_raises_passes(type_: str) -> None:
    with pytest.raises(ZeroDivisionError):
        echo(type_)(Broken())


# ---- floats, booleans -----------------------------------------------------------------------

EDGES = [0.0, -0.0, 1.0, -1.5, math.inf, -math.inf, 5e-324, -5e-324, sys.float_info.min, sys.float_info.max]


@given(st.floats() | st.sampled_from([*EDGES, math.nan]))
def test_every_float_comes_back_bit_for_bit(number: float) -> None:
    back = echo("Float64")(number)
    assert struct.pack("d", back) == struct.pack("d", number)
    assert struct.pack("d", echo("Float64")(numpy.float64(number))) == struct.pack("d", number)


@given(st.floats(width=32) | st.sampled_from([0.0, -0.0, math.inf, math.nan, 2.0**-149, 2.0**-126]))
def test_every_float_of_32_bits_comes_back(number: float) -> None:
    back = echo("Float32")(number)
    assert (math.isnan(back) and math.isnan(number)) or struct.pack("f", back) == struct.pack("f", number)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_rounded_to_32_bits_or_does_not_fit(number: float) -> None:
    with numpy.errstate(over="ignore"):
        rounded = float(numpy.float32(number))
    if math.isinf(rounded):
        with pytest.raises(OverflowError, match="does not fit into Float32"):
            echo("Float32")(number)
    else:
        assert echo("Float32")(number) == rounded


@given(st.floats(width=16) | st.sampled_from([0.0, -0.0, math.inf, math.nan, 2.0**-24, 2.0**-14, 65504.0]))
def test_every_float_of_16_bits_comes_back(number: float) -> None:
    back = echo("Float16")(number)
    assert (math.isnan(back) and math.isnan(number)) or struct.pack("e", back) == struct.pack("e", number)


@given(st.floats(-1e5, 1e5) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_rounded_to_16_bits_or_does_not_fit(number: float) -> None:
    with numpy.errstate(over="ignore"):
        rounded = float(numpy.float16(number))
    if math.isinf(rounded):
        with pytest.raises(OverflowError, match="does not fit into Float16"):
            echo("Float16")(number)
    else:
        assert echo("Float16")(number) == rounded


@given(st.floats(-300, 300) | st.floats())
def test_a_float_is_rounded_to_16_bits_of_a_float_or_does_not_fit(number: float) -> None:
    """Once: by way of a float it would be rounded twice, as ml_dtypes does."""
    if math.isnan(number) or math.isinf(number):
        assert struct.pack("d", echo("BFloat16")(number))[6:] == struct.pack("d", number)[6:]
        return
    if abs(number) >= 2.0**128:
        with pytest.raises(OverflowError, match="does not fit into BFloat16"):
            echo("BFloat16")(number)
        return
    exponent = max(math.frexp(number)[1], -125)
    step = math.ldexp(1.0, exponent - 8)
    below = math.floor(number / step) * step
    rounded = min(
        (below, below + step),
        key=lambda one: (abs(fractions.Fraction(one) - fractions.Fraction(number)), one / step % 2),
    )
    if abs(rounded) >= 2.0**128:
        with pytest.raises(OverflowError, match="does not fit into BFloat16"):
            echo("BFloat16")(number)
    else:
        assert echo("BFloat16")(number) == rounded
        assert echo("BFloat16")(ml_dtypes.bfloat16(rounded)) == rounded


@given(st.integers(-(2**70), 2**70) | st.integers(-70000, 70000))
def test_an_int_is_a_float_where_it_is_one_exactly(number: int) -> None:
    types = {
        "Float64": numpy.float64,
        "Float32": numpy.float32,
        "Float16": numpy.float16,
        "BFloat16": ml_dtypes.bfloat16,
    }
    for type_, dtype in types.items():
        with numpy.errstate(over="ignore"):
            rounded = float(dtype(float(number)))
        if rounded == number:
            assert echo(type_)(number) == number
        else:
            with pytest.raises(OverflowError, match=rf"is no {type_} exactly; write float\(n\)"):
                echo(type_)(number)


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, numpy.int64(2**53 + 1), 10**400])
def test_an_int_that_is_no_float_exactly(number: Any) -> None:
    if number == 2**53:
        assert echo("Float64")(number) == number
        return
    with pytest.raises(OverflowError, match=r"argument 'n' of f: .* is no Float64 exactly"):
        echo("Float64")(number)


def test_what_has_a_float_is_one() -> None:
    assert echo("Float64")(Float()) == 2.5
    assert echo("Float64")(numpy.float32(0.5)) == 0.5
    assert echo("Float16")(numpy.float16(0.5)) == 0.5
    assert echo("Float64")(True) == 1.0


@pytest.mark.parametrize("value", [None, "1.5", b"1", 1j, [1.0], numpy.array([1.0, 2.0])])
def test_what_is_no_float_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match="argument 'n' of f: Mojo wants Float64, got "):
        echo("Float64")(value)


def test_booleans() -> None:
    assert echo("Bool")(True) is True
    assert echo("Bool")(numpy.False_) is False
    for value in (0, 1, 1.0, numpy.int8(1)):
        assert advised("Bool", value) == "bool(n)"
    for value in (2, 0.5, math.nan, numpy.int8(-1)):
        assert advised("Bool", value) == "n != 0"
    for value in ([], b"", 1j, None):
        assert advised("Bool", value) == ""
    with pytest.raises(TypeError, match=r"Mojo wants Bool, got None$"):
        echo("Bool")(None)


# ---- text -----------------------------------------------------------------------------------

TEXT = make("f", "(String) -> String", "s", "echo_text")


@given(
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(["", "\0", "a\0b", "😀", "é", "\uffff"])
)
def test_every_text_comes_back(text: str) -> None:
    assert TEXT(text) == text


@pytest.mark.parametrize("prefix", ["", "abc", "é", "😀"])
@pytest.mark.parametrize("surrogate", [chr(0xD800), chr(0xDFFF), chr(0xDC80)])
def test_a_surrogate_is_refused_with_its_place(prefix: str, surrogate: str) -> None:
    with pytest.raises(ValueError, match="argument 's' of f: the surrogate") as caught:
        TEXT(f"{prefix}{surrogate}x")
    assert f"'\\u{ord(surrogate):04x}' at index {len(prefix)}" in str(caught.value)


@pytest.mark.parametrize("value", [b"text", bytearray(b"text")])
def test_bytes_are_no_text(value: object) -> None:
    with pytest.raises(TypeError, match=r"argument 's' of f: Mojo wants String, got \w+; write s.decode\(\)"):
        TEXT(value)


def test_a_numpy_text_and_a_subclass_are_texts() -> None:
    class Text(str):
        __slots__ = ()

    assert TEXT(numpy.str_("né")) == "né"
    assert TEXT(Text("x")) == "x"
    with pytest.raises(TypeError, match="Mojo wants String, got int"):
        TEXT(3)


# ---- Optional, Tuple, Any, None --------------------------------------------------------------


def test_optional_of_a_scalar() -> None:
    function = make("f", "(Optional[Int]) -> Optional[Int]", "n", "echo_optional")
    assert function(None) is None
    assert function(-3) == -3
    with pytest.raises(TypeError, match=r"argument 'n' of f: Mojo wants Int, got str"):
        function("x")


def test_optional_of_a_text() -> None:
    function = make("f", "(Optional[String]) -> Optional[String]", "s", "optional_text")
    assert function(None) is None
    assert function("") == ""
    assert function("wörd") == "wörd"


def test_a_tuple_has_its_parts() -> None:
    function = make("f", "(Int, Float64, String) -> Tuple[Int, Float64, String]", "n x s", "tuple")
    assert function(-1, 2.5, "drei") == (-1, 2.5, "drei")
    assert function(s="", x=0.0, n=0) == (0, 0.0, "")


def test_a_result_of_a_type_known_only_when_it_is_there() -> None:
    function = make("f", "(Int, Int) -> Any", "tag word", "any")
    integer = 1 | 1 << 8
    assert function(0, 0) is None
    assert function(integer, -5) == -5
    assert function(1, 1) is True
    with pytest.raises(_bridge.Error, match="the value is of a type that Python has none for"):
        function(255, 0)
    assert make("f", "(String) -> Any", "s", "any_text")("x\0y") == "x\0y"


def test_none_is_a_result() -> None:
    assert make("f", "() -> None", symbol="nothing")() is None


# ---- lists ----------------------------------------------------------------------------------

WIDTHS = {"Float16": 16, "Float32": 32, "Float64": 64}
LISTS = {
    "Bool": ("1", "bool"),
    "Int8": ("1", "int8"),
    "UInt8": ("1", "uint8"),
    "Int16": ("2", "int16"),
    "UInt16": ("2", "uint16"),
    "Int32": ("4", "int32"),
    "UInt32": ("4", "uint32"),
    "Float16": ("2", "float16"),
    "Float32": ("4", "float32"),
    "Int64": ("8", "int64"),
    "UInt64": ("8", "uint64"),
    "Int": ("8", "int64"),
    "UInt": ("8", "uint64"),
    "Float64": ("8", "float64"),
}


def elements(type_: str) -> st.SearchStrategy[Any]:
    if type_ in INTEGERS:
        low, high = INTEGERS[type_]
        return st.integers(low, high)
    return st.booleans() if type_ == "Bool" else st.floats(width=WIDTHS[type_], allow_nan=False)


@given(data=st.data(), type_=st.sampled_from(sorted(LISTS)))
def test_every_list_comes_back_as_an_array(data: st.DataObject, type_: str) -> None:
    size, dtype = LISTS[type_]
    function = make("f", f"(List[{type_}]) -> List[{type_}]", "x", f"echo_list_{size}")
    items = data.draw(st.lists(elements(type_), max_size=20))
    before = live()
    for argument in (items, tuple(items), numpy.array(items, dtype)):
        back = function(argument)
        assert isinstance(back, numpy.ndarray)
        assert back.dtype == dtype
        assert back.tolist() == items
        assert back.flags.writeable
    del back
    assert live() == before


def test_the_elements_of_a_result_are_not_copied_and_go_with_the_last_array() -> None:
    function = make("f", "(List[Float64]) -> List[Float64]", "x", "echo_list_8")
    before = live()
    view = function([1.0, 2.0, 3.0])[1:]
    assert live() == before + 1
    view[0] = 5.0
    assert view.tolist() == [5.0, 3.0]
    del view
    gc.collect()
    assert live() == before


def test_an_element_that_does_not_fit_is_named() -> None:
    function = make("f", "(List[Int16]) -> List[Int16]", "x", "echo_list_2")
    with pytest.raises(OverflowError, match=r"argument 'x' of f: element 1: 70000 does not fit into Int16"):
        function([1, 70000])
    with pytest.raises(TypeError, match=r"argument 'x' of f: element 2: Mojo wants Int16, got float"):
        function((1, 2, 2.5))
    with pytest.raises(
        TypeError, match=r"argument 'x' of f: int64 elements, Mojo wants Int16; write x.astype\(numpy.int16\)"
    ):
        function(numpy.arange(3))
    assert function(range(3)).tolist() == function(iter([0, 1, 2])).tolist() == [0, 1, 2]
    for value in ("12", {1: 2}, 3):
        with pytest.raises(TypeError, match=r"argument 'x' of f: Mojo wants List\[Int16\], got "):
            function(value)


def test_a_list_that_changes_while_it_is_read() -> None:
    function = make("f", "(List[Int]) -> List[Int]", "x", "echo_list_8")
    items: list[Any] = []

    class Evil:
        def __index__(self) -> int:
            items.clear()
            return 7

    items.extend([Evil(), 1, 2])
    assert function(items).tolist() == [7, 1, 2]


def test_without_numpy_a_list_comes_back_as_a_list(tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "sys.modules['numpy'] = None\n"
        "from mojocell import _bridge\n"
        "import thunks, array\n"
        "f = thunks.make('f', '(List[Int8]) -> List[Int8]', 'x', 'echo_list_1')\n"
        "assert f([1, -2, 3]) == [1, -2, 3], f([1])\n"
        "assert f(array.array('b', [4, -5])) == [4, -5]\n"
        "assert f([]) == []\n"
        "g = thunks.make('f', '(Span[Float64]) -> Float64', 'x', 'sum')\n"
        "assert g(array.array('d', [1, 2])) == 3.0\n"
        "try:\n"
        "    g([1.0])\n"
        "except TypeError as error:\n"
        "    assert 'numpy.array(x, dtype=numpy.float64)' in str(error)\n"
        "assert thunks.live() == 0\n"
    )
    run_script(script)


def run_script(script: Any) -> str:
    import os
    import subprocess

    path = os.pathsep.join([p for p in sys.path if p])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, str(script)]
    return subprocess.run(
        command, check=True, timeout=120, env=environment, stdout=subprocess.PIPE, text=True
    ).stdout


# ---- arguments ------------------------------------------------------------------------------


def pair(**options: Any) -> Any:
    return make("f", "(Int, Int) -> Int", "a b", "minus", **options)


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    ((1, 2, 3), {}),
    ((1,), {"a": 1}),
    ((1,), {"c": 1}),
    ((), {"b": 1}),
    ((), {"a": 1}),
    ((1, 2), {"b": 1}),
    ((1, 2), {"x": 1}),
    ((1, 2, 3), {"b": 1}),
    ((7, 3), {}),
    ((7,), {"b": 3}),
    ((), {"b": 3, "a": 7}),
]


def outcome(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return function(*args, **kwargs)
    except TypeError as error:
        return str(error).partition(". Did you mean")[0]


@pytest.mark.parametrize(("args", "kwargs"), CALLS)
def test_arguments_are_matched_as_python_does(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    def f(a: int, b: int) -> int:
        return a - b

    f.__qualname__ = "f"
    assert outcome(pair(), args, kwargs) == outcome(f, args, kwargs)


KINDS: list[tuple[str, list[dict[str, Any]]]] = [
    ("a, /, b, *, c", [
        {"name": "a", "kind": "positional"}, {"name": "b", "kind": "any"}, {"name": "c", "kind": "keyword"}]),
    ("a, b=2, *, c=3", [
        {"name": "a", "kind": "any"}, {"name": "b", "kind": "any", "default": 2}, {"name": "c", "kind": "keyword", "default": 3}]),
    ("*, a, b, c=3", [
        {"name": "a", "kind": "keyword"}, {"name": "b", "kind": "keyword"}, {"name": "c", "kind": "keyword", "default": 3}]),
    ("a, b, c, /", [{"name": n, "kind": "positional"} for n in "abc"]),
    ("a, b, c", [{"name": n, "kind": "any"} for n in "abc"]),
    ("a=1, b=2, c=3", [{"name": n, "kind": "any", "default": i} for i, n in enumerate("abc", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "arguments"), KINDS)
@given(
    args=st.lists(st.integers(10, 19), max_size=4).map(tuple),
    kwargs=st.dictionaries(st.sampled_from("abcd"), st.integers(20, 29), max_size=4),
)
def test_kinds_and_defaults_are_matched_as_python_does(
    text: str, arguments: list[dict[str, Any]], args: tuple[int, ...], kwargs: dict[str, int]
) -> None:
    scope: dict[str, Any] = {}
    exec(f"def f({text}): return (7, a, b, c)", scope)  # noqa: S102
    function = make("f", "masked (Int, Int, Int) -> Tuple[UInt, Int, Int, Int]", arguments, "masked")
    assert outcome(function, args, kwargs) == outcome(scope["f"], args, kwargs)


def test_a_default_that_mojo_computes_is_left_out_of_the_mask() -> None:
    computed = {"kind": "any", "default_text": "g()"}
    arguments = ["a", {"name": "b", **computed}, {"name": "c", **computed}]
    function = make("f", "masked (Int, Int, Int) -> Tuple[UInt, Int, Int, Int]", arguments, "masked")
    assert function(5) == (0b001, 5, 0, 0)
    assert function(5, 6) == (0b011, 5, 6, 0)
    assert function(5, c=7) == (0b101, 5, 0, 7)
    assert function(5, 6, 7) == (0b111, 5, 6, 7)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        function(b=1)


def test_a_default_of_text_lives_as_long_as_the_function() -> None:
    arguments = [{"name": "s", "kind": "any", "default": f"w{chr(246)}rld"}]
    function = make("f", "(String) -> String", arguments, "echo_text")
    gc.collect()
    assert function() == "wörld"
    assert function("x") == "x"


def test_names_beyond_ascii() -> None:
    function = make("zählen", "(Int) -> Int", "größe", "next")
    assert function(größe=1) == 2
    with pytest.raises(OverflowError, match="argument 'größe' of zählen: "):
        function(2**64)
    with pytest.raises(TypeError, match=r"zählen\(\) missing 1 required positional argument: 'größe'"):
        function()


def test_a_name_that_was_made_at_run_time() -> None:
    assert pair()(**{chr(97): 1, chr(98) + "": 3}) == -2


# ---- overloads ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types_", "value", "expected"),
    [
        (["Int", "Float64"], 3, 0),
        (["Float64", "Int"], 3, 1),
        (["Int", "Float64"], 3.5, 1),
        (["Float64", "Int"], numpy.int32(3), 1),
        (["Int64", "Int32"], numpy.int32(3), 1),
        (["Float64", "Float32"], numpy.float32(3), 1),
        (["Float32", "Float64"], 3.0, 1),
        (["Float32", "Float16"], numpy.float16(3), 1),
        (["Int8", "Int"], 3, 1),
        (["Int8", "Int16"], 3, 0),
        (["Int8", "Int16"], 300, 1),
        (["Int", "Bool"], True, 1),
        (["Float64", "Int"], True, 0),
        (["Bool", "Int"], numpy.True_, 0),
        (["UInt8", "Float64"], -1, 1),
    ],
)
def test_the_closest_overload_is_called(types_: list[str], value: Any, expected: int) -> None:
    entries = [
        entry(
            "f",
            f"({t}) -> {'Int' if i == 0 else 'Optional[Int]'}",
            "x",
            "echo" if i == 0 else "optional_none",
        )
        for i, t in enumerate(types_)
    ]
    function = _bridge.Function("f", entries, thunks.library())
    assert (function(value) is None) == (expected == 1)


def test_overloads_by_count_and_by_name() -> None:
    entries = [entry("f", "(Int) -> Int", "n", "next"), entry("f", "(Int, Int) -> Int", "a b", "minus")]
    function = _bridge.Function("f", entries, thunks.library())
    assert function(5) == 6
    assert function(5, 3) == 2
    assert function(b=3, a=5) == 2
    assert function(n=1) == 2


def test_overloads_by_array() -> None:
    entries = [
        entry("f", "(Span[Float64]) -> Float64", "x", "sum"),
        entry("f", "(List[Int32]) -> List[Int32]", "x", "echo_list_4"),
    ]
    function = _bridge.Function("f", entries, thunks.library())
    assert function(numpy.ones(3)) == 3.0
    assert function(numpy.ones(3, "int32")).tolist() == [1, 1, 1]
    assert function([4]).tolist() == [4]


def test_no_overload_fits() -> None:
    entries = [entry("f", "(Int) -> Int", "n", "next"), entry("f", "(Int, Int) -> Int", "a b", "minus")]
    function = _bridge.Function("f", entries, thunks.library())
    with pytest.raises(TypeError) as caught:
        function("x")
    assert str(caught.value).splitlines() == [
        "f() has no signature for these arguments:",
        "  def f(Int) -> Int: argument 'n' of f: Mojo wants Int, got str",
        "  def f(Int, Int) -> Int: f() missing 1 required positional argument: 'b'",
    ]
    with pytest.raises(ZeroDivisionError):
        function(Broken())


# ---- failures -------------------------------------------------------------------------------


class FailureError(Exception):
    """What `failing` makes of a failure."""


def failing(kind: str, details: dict[str, Any]) -> Exception:
    return FailureError(kind, details)


def failure(function: Any, *args: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(FailureError) as caught:
        function(*args)
    kind, details = caught.value.args
    assert details.pop("function") == function.__name__
    return kind, details


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_what_mojo_raises_reaches_fail(text: str) -> None:
    function = make("f", "(String) raises -> None", "s", "raise", fail=failing)
    assert failure(function, text) == ("raised", {"message": text})


def test_a_long_error_is_cut() -> None:
    function = make("f", "(String) raises -> None", "s", "raise", fail=failing)
    kind, details = failure(function, "é" * 5000)
    assert (kind, details) == ("raised", {"message": "é" * 2047 + "… (5906 bytes more)"})
    kind, details = failure(function, "x" + "é" * 5000)
    assert (kind, details) == ("raised", {"message": "x" + "é" * 2047 + "… (5906 bytes more)"})


def test_a_crash_reaches_fail_and_the_next_call_works() -> None:
    function = make("trap", "() -> None", fail=failing)
    for _ in range(50):
        kind, details = failure(function)
        assert kind == "crashed"
        assert details == {
            "signal": 4,
            "message": "",
            "stack_overflow": False,
            "damaged": False,
            "line": 0,
            "column": 0,
            "module": "",
            "library": "",
            "inside": "",
            "frames": details["frames"],
        }
        assert len(details["frames"]) == 1
    assert make("next", "(Int) -> Int", "n")(1) == 2


def test_a_stack_overflow_says_so() -> None:
    kind, details = failure(make("deep", "(Int) -> Int", "n", fail=failing), 1)
    assert (kind, details["signal"], details["stack_overflow"]) == ("crashed", 11, True)


def test_a_result_that_is_no_text_names_the_place_and_leaks_nothing() -> None:
    before = live()
    kind, details = failure(make("f", "() -> String", symbol="bad_text", fail=failing))
    assert kind == "return"
    assert "byte 0xe9 in position 3" in details["message"]
    kind, details = failure(
        make("f", "() -> Tuple[String, List[Int8], String]", symbol="bad_pair", fail=failing)
    )
    assert kind == "return"
    assert live() == before


def test_without_fail_it_is_the_error_of_the_bridge() -> None:
    with pytest.raises(_bridge.Error, match=r"^oh no$") as caught:
        make("f", "(String) raises -> None", "s", "raise")("oh no")
    assert caught.value.code == "raised"


def test_fail_must_give_an_exception() -> None:
    with pytest.raises(TypeError, match="fail must return an exception"):
        make("f", "(String) raises -> None", "s", "raise", fail=lambda *_: 3)("x")


def test_what_fail_raises_passes() -> None:
    def fail(kind: str, details: dict[str, Any]) -> BaseException:
        raise LookupError(kind)

    with pytest.raises(LookupError, match="raised"):
        make("f", "(String) raises -> None", "s", "raise", fail=fail)("x")


def test_a_stale_function_says_why() -> None:
    function = make("next", "(Int) -> Int", "n", fail=failing)
    assert function.stale is None
    function.stale = "its cell failed to compile"
    assert failure(function, 1) == ("stale", {"message": "its cell failed to compile"})
    function.stale = None
    assert function(1) == 2


def test_damage_isolates_every_function_and_says_so_once(tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import thunks\n"
        "from mojocell import _bridge\n"
        "told, failed = [], []\n"
        "def fail(kind, details):\n"
        "    failed.append((kind, details.get('damaged')))\n"
        "    return RuntimeError(kind)\n"
        "f = thunks.make('damage', '() -> None', fail=fail, on_isolated=told.append)\n"
        "g = thunks.make('next', '(Int) -> Int', 'n', fail=fail, on_isolated=told.append)\n"
        "assert g(1) == 2 and not _bridge.damaged()\n"
        "for function, args in ((f, ()), (g, (1,)), (f, ()), (g, (1,))):\n"
        "    try:\n"
        "        function(*args)\n"
        "    except RuntimeError:\n"
        "        pass\n"
        "assert _bridge.damaged()\n"
        "assert failed == [('crashed', True)] + [('unavailable', None)] * 3, failed\n"
        "assert len(told) == 1 and 'damaged' in told[0], told\n"
        "assert f.mode == g.mode == 'isolated'\n"
    )
    run_script(script)


# ---- the object -----------------------------------------------------------------------------


def stub(n: int = 1) -> int:
    """Count on."""
    raise NotImplementedError


def stubbed(**options: Any) -> Any:
    return make("next", "(Int) -> Int", "n", stub=stub, **options)


def test_to_inspect_it_is_its_stub() -> None:
    function = stubbed()
    assert function.__wrapped__ is stub
    assert function.__code__ is stub.__code__
    assert function.__doc__ == "Count on."
    assert function.__module__ == __name__
    assert function.__qualname__ == "stub"
    assert function.__name__ == "next"
    assert function.__defaults__ == (1,)
    assert function.__annotations__ == {"n": "int", "return": "int"}
    assert str(inspect.signature(function)) == "(n: 'int' = 1) -> 'int'"
    assert "Count on" in inspect.getsource(function)
    assert callable(function)
    name = "nothing_like_it"
    with pytest.raises(AttributeError, match=name):
        getattr(function, name)


def test_without_a_stub_it_is_a_plain_callable() -> None:
    function = make("next", "(Int) -> Int", "n")
    assert function.__qualname__ == "next"
    assert function.__module__ == "mojocell"
    for name in ("__wrapped__", "__code__"):
        with pytest.raises(AttributeError):
            getattr(function, name)


def test_its_type_and_its_text() -> None:
    function = make("next", "(Int) -> Int", "n")
    assert (type(function).__name__, type(function).__module__) == ("MojoFunction", "mojocell")
    assert repr(function) == "<Mojo function def next(Int) -> Int, inline>"
    assert function.signatures == ("def next(Int) -> Int",)
    assert function.library is thunks.library()
    assert function.isolated_reason is None


def test_attributes_can_be_set_and_are_its_own() -> None:
    function = stubbed()
    function.note = 3
    function.__doc__ = "Other."
    function.__name__ = "other"
    function.__qualname__ = "A.other"
    assert (function.note, function.__doc__, function.__name__, function.__qualname__) == (
        3,
        "Other.",
        "other",
        "A.other",
    )
    assert stub.__doc__ == "Count on."
    assert function.__dict__ == {"note": 3, "__doc__": "Other."}
    with pytest.raises(TypeError, match="other"):
        function()
    with pytest.raises(TypeError, match="must be set to a string"):
        function.__name__ = 3


def test_functools_can_wrap_it() -> None:
    function = stubbed()

    @functools.wraps(function)
    def wrapped(n: int) -> Any:
        return function(n)

    assert wrapped(1) == 2
    assert wrapped.__doc__ == "Count on."
    assert functools.partial(function, n=4)() == 5
    assert list(map(function, [1, 2])) == [2, 3]
    assert functools.lru_cache(function)(3) == 4


def test_it_does_not_bind() -> None:
    class Holder:
        call = stubbed()

    assert Holder().call(1) == 2
    assert Holder.call(1) == 2


def test_identity_copies_and_pickle() -> None:
    function = stubbed(reduce="test_name")
    other = stubbed()
    assert function == function  # noqa: PLR0124
    assert function != other
    assert len({function, other, function}) == 2
    assert copy.copy(function) is function
    assert copy.deepcopy([function])[0] is function
    assert function.__reduce__() == "test_name"
    assert function.__reduce_ex__(4) == "test_name"
    rebuilt = make("next", "(Int) -> Int", "n", reduce=(int, ("3",)))
    assert pickle.loads(pickle.dumps(rebuilt)) == 3
    with pytest.raises(TypeError, match="cannot pickle the Mojo function 'next'"):
        pickle.dumps(other)


def test_a_variant_is_pickled_with_its_options() -> None:
    function = make("next", "(Int) -> Int", "n", reduce=(dict, ((("a", 1),),)))
    variant = function.with_options(nogil=True).with_options(mode="isolated")
    assert variant.__reduce__() == (dict, ((("a", 1),), {"nogil": True, "mode": "isolated"}))
    assert variant.with_options(mode="inline").__reduce__()[1][1] == {"nogil": True, "mode": "inline"}
    assert function.__reduce__() == (dict, ((("a", 1),),))
    odd = make("next", "(Int) -> Int", "n", reduce=(dict,)).with_options(nogil=True)
    with pytest.raises(TypeError):
        odd.__reduce__()


def test_a_rehearsal_converts_and_refuses_and_calls_nothing() -> None:
    function = make("echo", "(List[Float64]) -> List[Float64]", "x", symbol="echo_list_8")
    rehearsal = function.rehearsal()
    before = live()
    assert rehearsal([1.0, 2.0]) is None
    assert rehearsal(x=numpy.ones(3)) is None
    assert live() == before
    with pytest.raises(TypeError, match="argument 'x' of echo"):
        rehearsal("text")
    with pytest.raises(TypeError, match="missing 1 required"):
        rehearsal()
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(rehearsal)
    assert make("trap", "() -> None").rehearsal()() is None
    number = make("next", "(Int) -> Int", "n").rehearsal()
    assert number(1) is None
    assert number(2**40) is None


def test_variants_are_other_functions() -> None:
    function = stubbed()
    function.note = 1
    other = function.with_options(nogil=True, mode="isolated")
    assert other is not function
    assert (other.nogil, other.mode, other.note) == (True, "isolated", 1)
    assert (function.nogil, function.mode) == (False, "inline")
    back = other.with_options(mode="inline")
    assert back.nogil
    assert back(1) == 2
    assert back.__wrapped__ is stub


def test_variants_are_stale_as_their_origin_is() -> None:
    function = make("next", "(Int) -> Int", "n", fail=failing)
    far = function.with_options(nogil=True).with_options(nogil=False)
    assert far(1) == 2
    function.stale = "it is gone"
    for each in (far, function.with_options(nogil=True)):
        with pytest.raises(FailureError):
            each(1)
    function.stale = None
    assert (far(1), far.stale) == (2, None)

    class Successor:
        def __call__(self, n: int) -> tuple[str, int]:
            return "plain", n

        def with_options(self, **options: object) -> Any:
            return lambda n: (options, n)

    function.stale = Successor
    assert function(1) == ("plain", 1)
    assert far(2) == ({"nogil": False}, 2)
    assert gone_with(function)


def gone_with(function: Any) -> bool:
    """Tell whether a variant ends with its last holder."""
    found = weakref.ref(function.with_options(nogil=True))
    return found() is None


def test_modes() -> None:
    function = stubbed(fail=failing)
    function.mode = "isolated"
    assert failure(function, 1)[0] == "unavailable"
    function.mode = "inline"
    assert function(1) == 2
    with pytest.raises(ValueError, match="mode must be 'inline' or 'isolated', not 'fast'"):
        function.mode = "fast"
    with pytest.raises(ValueError, match="mode must be"):
        stubbed(mode="fast")
    far = _bridge.Function("next", [entry("next", "(Int) -> Int", "n")], None)
    assert far.mode == "isolated"
    with pytest.raises(ValueError, match="next cannot be inline"):
        far.mode = "inline"


def test_an_artifact_that_is_not_to_be_called_here(tmp_path: Any) -> None:
    import subprocess

    source = tmp_path / "exits.c"
    source.write_text(
        "#include <stdlib.h>\n#include <stdint.h>\n"
        "int32_t mc_call_quit(const uint64_t *in, uint64_t *out) { exit((int) in[0]); }\n"
    )
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "exits.so", source], check=True)
    library = _bridge.Library(str(tmp_path / "exits.so"))
    assert library.isolated_reason == "it calls exit()"
    told: list[str] = []
    function = _bridge.Function(
        "quit", [entry("quit", "(Int) -> None", "n")], library, fail=failing, on_isolated=told.append
    )
    assert function.isolated_reason == "it calls exit()"
    assert function.mode == "inline"
    for _ in range(2):
        assert failure(function, 1)[0] == "unavailable"
    assert told == ["it calls exit()"]
    assert function.mode == "isolated"
    with pytest.raises(ValueError, match=r"quit cannot be inline: it calls exit\(\)"):
        function.mode = "inline"
    silent = _bridge.Function("quit", [entry("quit", "(Int) -> None", "n")], library, fail=failing)
    with pytest.warns(RuntimeWarning, match=r"quit runs in a process of its own: it calls exit\(\)"):
        failure(silent, 1)
    strict = _bridge.Function("quit", [entry("quit", "(Int) -> None", "n")], library, fail=failing)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            strict(1)


def test_a_worker_must_be_one() -> None:
    function = stubbed(mode="isolated", worker=lambda: 3)
    with pytest.raises(TypeError, match="worker must return a Worker"):
        function(1)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "a function without an entry"),
        ([{"abi": "(Int) -> Int"}], "an entry without a text 'symbol'"),
        ([3], "an entry without a text 'abi'"),
        ([{**entry("next", "(Int) -> Nothing", "n")}], "no type at 'Nothing'"),
        ([entry("next", "(Int) -> Int", "n m")], "'arguments' are not those of its 'abi'"),
        ([entry("next", "(Int) -> Int", [{"name": "n", "kind": "odd"}])], "an argument of the kind 'odd'"),
        ([entry("next", "(Int) -> Int", "n", "not_there")], "the artifact has no 'mc_call_not_there'"),
        ([entry("next", "(Int) -> Int", [{"name": "n", "kind": "any", "default_text": "g()"}])], "has a default, and no mask"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used(entries: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _bridge.Function("next", entries, thunks.library())


def test_a_library_that_cannot_be_loaded(tmp_path: Any) -> None:
    with pytest.raises(_bridge.Error) as caught:
        _bridge.Library(str(tmp_path / "nothing.so"))
    assert caught.value.code == "io"
    with pytest.raises(TypeError, match="library must be a Library or None"):
        _bridge.Function("next", [entry("next", "(Int) -> Int", "n")], object())  # type: ignore[arg-type]


def test_it_is_collected_with_what_refers_to_it() -> None:
    holder: dict[str, Any] = {}
    function = make("next", "(Int) -> Int", "n", fail=holder.get)
    holder["f"] = function
    gone = weakref.ref(function)
    del function, holder
    gc.collect()
    assert gone() is None


# ---- threads --------------------------------------------------------------------------------


def test_without_the_gil_other_threads_run_during_a_call() -> None:
    flag = numpy.zeros(1, "int64")
    wait = make("wait", "(MutSpan[Int64], Int) -> Bool", "flag turns", nogil=True)
    thread = threading.Thread(target=flag.fill, args=(1,))
    threading.Timer(0.05, thread.start).start()
    assert wait(flag, 10**12) is True


def test_calls_of_many_threads() -> None:
    function = make("next", "(Int) -> Int", "n").with_options(nogil=True)
    wrong: list[int] = []

    def work() -> None:
        wrong.extend(n for n in range(20_000) if function(n) != n + 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_interrupt_ends_the_call_of_the_main_thread(tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os, signal, threading, time\n"
        "import numpy\n"
        "import thunks\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from mojocell import _bridge\n"
        "flag = numpy.zeros(1, 'int64')\n"
        "spin = thunks.make('spin', '(MutSpan[Int64]) -> None', 'flag', nogil=True)\n"
        "def stop():\n"
        "    while not flag[0]:\n"
        "        time.sleep(0.001)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "for _ in range(20):\n"
        "    flag[0] = 0\n"
        "    threading.Thread(target=stop).start()\n"
        "    try:\n"
        "        spin(flag)\n"
        "    except KeyboardInterrupt:\n"
        "        continue\n"
        "    raise SystemExit('no interrupt')\n"
        "assert not _bridge.damaged()\n"
    )
    run_script(script)


def test_a_thread_is_interrupted_by_its_id(tmp_path: Any) -> None:
    flag = numpy.zeros(1, "int64")
    spin = make("spin", "(MutSpan[Int64]) -> None", "flag", nogil=True)
    ended: list[type[BaseException]] = []

    def work() -> None:
        try:
            spin(flag)
        except BaseException as error:  # noqa: BLE001
            ended.append(type(error))

    thread = threading.Thread(target=work)
    thread.start()
    while not flag[0]:
        pass
    assert thread.native_id is not None
    _bridge.interrupt(thread.native_id)
    thread.join()
    assert ended == [KeyboardInterrupt]


OTHER = """
import array, sys
sys.path[:] = {path}
from mojocell import _bridge
library = _bridge.Library({artifact!r})
step, echo, total = [_bridge.Function("f", [entry], library) for entry in {entries}]
assert step(1) == 2
assert echo([1, -2]) == [1, -2]
assert total(array.array("d", [1, 2])) == 3.0
print("done", flush=True)
"""

OTHERS = """
try:
    import _interpreters
except ImportError:
    import _xxsubinterpreters as _interpreters
for _ in range(3):
    other = _interpreters.create()
    failed = _interpreters.run_string(other, {code!r})
    assert failed is None, failed
    _interpreters.destroy(other)
"""


def test_other_interpreters_have_functions_of_their_own(tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    entries = [
        entry("f", "(Int) -> Int", "n", "next"),
        entry("f", "(List[Int8]) -> List[Int8]", "x", "echo_list_1"),
        entry("f", "(Span[Float64]) -> Float64", "x", "sum"),
    ]
    path = [p for p in sys.path if p]
    code = OTHER.format(path=path, artifact=thunks.artifact(), entries=entries)
    script.write_text(OTHERS.format(code=code))
    assert run_script(script) == "done\n" * 3


# ---- what calls leave behind ----------------------------------------------------------------


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def test_ten_million_calls_leave_nothing_behind() -> None:
    """A million times ten: the loop itself is what costs."""
    function = make("minus", "(Int, Int) -> Int", "a b")
    total = make("sum", "(Span[Float64]) -> Float64", "x")
    text = make("f", "(String) -> String", "s", "echo_text")
    numbers = make("f", "(List[Int]) -> List[Int]", "x", "echo_list_8")
    array = numpy.ones(3)
    big = 10**6

    def calls(count: int) -> None:
        for _ in range(count):
            function(big, 1)
            function(big, b=2)
            total(array)
            text("wörd")
            numbers([1, 2])
            with contextlib.suppress(TypeError):
                function(big, "x")

    calls(1000)
    gc.collect()
    references = [sys.getrefcount(o) for o in (function, total, array, big, None, numpy.ndarray)]
    before = resident()
    blocks = sys.getallocatedblocks()
    calls(200_000)
    for _ in range(10_000_000 - 1_200_000):
        function(big, 1)
    gc.collect()
    assert resident() - before < 2 << 20
    assert sys.getallocatedblocks() - blocks < 200
    after = [sys.getrefcount(o) for o in (function, total, array, big, None, numpy.ndarray)]
    assert [abs(a - b) < 50 for a, b in zip(references, after, strict=True)] == [True] * 6
    assert live() == 0


@pytest.mark.parametrize(
    "value",
    [
        numpy.complex128(1 + 2j),
        numpy.complex64(1),
        1j,
        decimal.Decimal("1e400"),
        fractions.Fraction(10**400),
        numpy.longdouble("1e400"),
    ],
)
def test_no_part_of_a_number_is_dropped_on_the_way_to_a_float(value: Any) -> None:
    with pytest.raises((TypeError, OverflowError), match=r"argument 'x' of echo: "):
        make("echo", "(Float64) -> Float64", "x")(value)


@pytest.mark.parametrize(
    "value", [decimal.Decimal("0.1"), fractions.Fraction(1, 3), decimal.Decimal("inf"), numpy.float32(0.5)]
)
def test_numbers_of_other_types_are_read_as_python_reads_them(value: Any) -> None:
    assert make("echo", "(Float64) -> Float64", "x")(value) == float(value)
