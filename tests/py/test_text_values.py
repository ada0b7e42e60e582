"""Lists of strings go in and come out; so do results by name."""

from __future__ import annotations

import collections
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mojocell as mc

SOURCE = '''
def longest(words: List[String]) -> String:
    """Find the longest word."""
    var found = String()
    for word in words:
        if word.byte_length() > found.byte_length():
            found = word
    return found

def reverse(words: List[String]) -> List[String]:
    var found = List[String]()
    for i in range(len(words)):
        found.append(words[len(words) - 1 - i])
    return found^

def keep(var words: List[String]) -> List[String]:
    return words^

def grown(words: Optional[List[String]] = None) -> Int:
    return len(words.value()) if words else -1

def count(words: List[String]) raises -> Dict[String, Int]:
    var found = Dict[String, Int]()
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found^

def shares(n: Int) -> Dict[Int, Float64]:
    var found = Dict[Int, Float64]()
    for i in range(n):
        found[-i] = Float64(i) / 2
    return found^

def names(n: Int) -> Dict[UInt8, String]:
    var found = Dict[UInt8, String]()
    for i in range(n):
        found[UInt8(i)] = String("ä") * i
    return found^

def small(n: Int8) -> Dict[String, Int8]:
    return {"n": n}

def known(word: String) -> Dict[String, Bool]:
    return {word: True, "": False}

def both(words: List[String]) raises -> Tuple[Int, List[String], Dict[String, Int]]:
    return (len(words), reverse(words), count(words))

def total(prices: Dict[String, Float64]) -> Float64:
    var sum = 0.0
    for one in prices.items():
        sum += one.value
    return sum

def turned(numbers: Dict[String, Int]) -> Dict[Int, String]:
    var found = Dict[Int, String]()
    for one in numbers.items():
        found[one.value] = one.key
    return found^

def maybe(flags: Optional[Dict[String, Bool]] = None) -> Optional[Dict[String, Bool]]:
    if flags:
        return flags.value().copy()
    return None

def taken(var names: Dict[UInt8, String], key: UInt8) raises -> String:
    return names.pop(key)

def sort_of(numbers: Dict[String, Int]) -> String:
    return "by name"

def sort_of(numbers: List[Int]) -> String:
    return "in a row"

def damaged() -> List[String]:
    var bytes: List[UInt8] = [0xFF]
    return [String("fine"), String(unsafe_from_utf8=bytes)]

def kind(words: List[String]) -> String:
    return "texts"

def kind(values: List[Int]) -> String:
    return "numbers"
'''

pytestmark = pytest.mark.usefixtures("service")

WORDS = ["", "a", "äö€😀", "eight by", "nine byte", "x" * 10_000, "a\0b"]


@pytest.fixture(scope="module", params=["inline", "isolated"])
def module(request: pytest.FixtureRequest, service: Path) -> mc.MojoModule:
    """The same functions, in both modes."""
    return mc.compile(SOURCE, mode=request.param)


@pytest.mark.parametrize("words", [WORDS, [], [""], ["a"] * 1000], ids=len)
def test_they_come_back_as_they_went(module: mc.MojoModule, words: list[str]) -> None:
    assert module.keep(words) == words
    assert module.reverse(words) == words[::-1]
    assert module.grown(words) == len(words) and module.grown() == -1 and module.grown(None) == -1
    counted = module.count(words)
    assert counted == dict(collections.Counter(words)) and list(counted) == list(dict.fromkeys(words))
    assert module.both(words) == (len(words), words[::-1], counted)


@pytest.mark.parametrize(
    "make",
    [
        tuple,
        iter,
        collections.deque,
        np.array,
        lambda words: np.array(words, dtype=object),
        pd.Series,
        pd.Index,
        pl.Series,
        pa.array,
        lambda words: pa.chunked_array([words[:1], words[1:]]),
        dict.fromkeys,
    ],
)
def test_what_holds_strings_is_taken(module: mc.MojoModule, make) -> None:
    words = ["b", "ä", "c"]
    made = make(words)
    if isinstance(made, dict):
        made = made.keys()
    assert module.reverse(made) == words[::-1]


def test_results_by_name_are_a_dict(module: mc.MojoModule) -> None:
    assert module.shares(3) == {0: 0.0, -1: 0.5, -2: 1.0}
    assert [type(value) for value in module.shares(1).values()] == [float]
    assert module.names(3) == {0: "", 1: "ä", 2: "ää"}
    assert module.small(-7) == {"n": -7}
    assert module.known("x") == {"x": True, "": False}
    assert module.shares(0) == {}
    many = module.shares(100_000)
    assert len(many) == 100_000 and many[-99_999] == 49_999.5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("abc", "argument 'words' of longest: Mojo wants List[String], got str"),
        ({"a": 1}, "argument 'words' of longest: Mojo wants List[String], got dict"),
        (["a", 1], "argument 'words' of longest: element 1: Mojo wants String, got int"),
        ([None], "argument 'words' of longest: element 0: Mojo wants String, got None"),
        ([b"a"], "write [item.decode() for item in words]"),
        (pd.Series(["a", None]), "element 1: Mojo wants String, got"),
        (pa.array(["a", None]), "element 1: Mojo wants String, got None"),
        (3, "Mojo wants List[String], got int"),
        (np.array([b"a"]), "Mojo wants String, got"),
    ],
)
def test_what_holds_something_else_is_refused_by_its_place(module: mc.MojoModule, words, said: str) -> None:
    with pytest.raises(TypeError) as caught:
        module.longest(words)
    assert said in str(caught.value)


def test_text_without_utf_8_is_an_error_both_ways(module: mc.MojoModule) -> None:
    with pytest.raises(ValueError, match=r"element 1: the surrogate '\\ud800' at index 0"):
        module.longest(["a", "\ud800"])
    with pytest.raises(mc.MojoReturnError, match="utf-8"):
        module.damaged()


def test_dictionaries_go_in(module: mc.MojoModule) -> None:
    total, turned, maybe, taken = module.total, module.turned, module.maybe, module.taken
    assert total({"a": 1.5, "ä" * 100: 2, "": np.float32(0.5)}) == 4
    assert total({}) == 0
    assert total(collections.ChainMap({"a": 1.0}, {"b": 2.0})) == 3
    assert total(pd.Series({"a": 1.0, "b": 2.0})) == 3
    assert turned({"x": 1, "y": -2}) == {1: "x", -2: "y"}
    assert maybe() is None and maybe(None) is None
    assert maybe({"a": True, "b": False}) == {"a": True, "b": False}
    assert taken({7: "seven", 8: "ä"}, 8) == "ä"
    many = {str(n): n for n in range(10_000)}
    assert turned(many) == {n: word for word, n in many.items()}


@pytest.mark.parametrize(
    ("prices", "error", "said"),
    [
        ({"a": "x"}, TypeError, "argument 'prices' of total: item 'a': Mojo wants Float64, got str"),
        ({"a": None}, TypeError, "item 'a': Mojo wants Float64, got None"),
        ({1: 2.0}, TypeError, "item 1: Mojo wants String, got int"),
        ({"a": 2**53 + 1}, OverflowError, "item 'a': 9007199254740993 is no Float64 exactly"),
        ({"\ud800": 1.0}, ValueError, "has no UTF-8"),
        ([("a", 1.0)], TypeError, "Mojo wants Dict[String, Float64], got list"),
        ("abc", TypeError, "Mojo wants Dict[String, Float64], got str"),
        (None, TypeError, "Mojo wants Dict[String, Float64], got None"),
        (dict, TypeError, "Mojo wants Dict[String, Float64], got type"),
    ],
)
def test_what_a_dictionary_may_not_hold_is_told_by_its_key(
    module: mc.MojoModule, prices, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        module.total(prices)
    assert said in str(caught.value)


def test_a_cell_takes_dictionaries() -> None:
    found = mc.cell(
        "var n = len(prices)\nvar cheap = prices['a'] < 2\nvar name = names[3]\n",
        inputs={"prices": {"a": 1, "b": 2.5}, "names": {3: "three"}},
        outputs=["n", "cheap", "name"],
    )
    assert (found.n, found.cheap, found.name) == (2, True, "three")
    for given, said in (
        ({}, "an empty dict has no type"),
        ({1.5: 1}, "has keys that are strings or ints; this one has float"),
        ({"a": [1]}, "a dict for Mojo holds numbers or strings; this one holds list"),
        ({(): 1}, "has keys that are strings or ints; this one has tuple"),
    ):
        with pytest.raises(TypeError, match=said):
            mc.cell("print(len(x))", inputs={"x": given})


def test_signatures_say_so(module: mc.MojoModule) -> None:
    signature = inspect.signature(module.count)
    assert signature.parameters["words"].annotation == Sequence[str]
    assert signature.return_annotation == dict[str, int]
    assert inspect.signature(module.shares).return_annotation == dict[int, float]
    assert inspect.signature(module.keep).return_annotation == list[str]
    assert inspect.signature(module.total).parameters["prices"].annotation == Mapping[str, float]
    assert inspect.signature(module.maybe).return_annotation == dict[str, bool] | None
    assert inspect.signature(module.both).return_annotation == tuple[int, list[str], dict[str, int]]


def test_overloads_tell_them_from_numbers(module: mc.MojoModule) -> None:
    assert module.kind(["a"]) == "texts" and module.kind([1]) == "numbers"
    assert module.sort_of({"a": 1}) == "by name" and module.sort_of([1]) == "in a row"


def test_cells_exchange_them() -> None:
    source = """
var n = len(words)
var back = List[String]()
for word in words:
    back.append(word + "!")
var sizes = Dict[String, Int]()
var halves = Dict[Int, Float64]()
for i in range(len(words)):
    sizes[words[i]] = words[i].byte_length()
    halves[i] = Float64(i) / 2
var odd = Dict[String, List[Int]]()
"""
    for given in (["a", "ää"], np.array(["a", "ää"]), pd.Series(["a", "ää"])):
        found = mc.cell(source, inputs={"words": given}, outputs=["n", "back", "sizes", "halves"])
        assert found.n == 2 and found.back == ["a!", "ää!"]
        assert found.sizes == {"a": 1, "ää": 4} and found.halves == {0: 0.0, 1: 0.5}
    with pytest.raises(mc.MojoReturnError, match="of a type that Python has none for"):
        mc.cell(source, inputs={"words": ["a"]}, outputs=["odd"])


def test_results_by_name_that_do_not_cross_are_told() -> None:
    module = mc.compile(
        "def f(n: Int) -> Dict[String, List[Int]]:\n    return {}\n"
        "def g(x: Dict[Float64, Int]) -> Int:\n    return 0\n"
        "def fill(mut x: Dict[String, Int]):\n    x['a'] = 1\n"
        "def one() -> Int:\n    return 1\n"
    )
    assert set(module.__mojo__.result.skipped) == {"f", "g", "fill"}
