"""Lists of strings go in and come out; so do results by name."""

from __future__ import annotations

import collections
import inspect
from collections.abc import Sequence
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


def test_signatures_say_so(module: mc.MojoModule) -> None:
    signature = inspect.signature(module.count)
    assert signature.parameters["words"].annotation == Sequence[str]
    assert signature.return_annotation == dict[str, int]
    assert inspect.signature(module.shares).return_annotation == dict[int, float]
    assert inspect.signature(module.keep).return_annotation == list[str]
    assert inspect.signature(module.both).return_annotation == tuple[int, list[str], dict[str, int]]


def test_overloads_tell_them_from_numbers(module: mc.MojoModule) -> None:
    assert module.kind(["a"]) == "texts" and module.kind([1]) == "numbers"


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
        "def f(n: Int) -> Dict[String, List[Int]]:\n    return {}\ndef g(x: Dict[String, Int]) -> Int:\n    return 0\n"
    )
    assert set(module.__mojo__.result.skipped) == {"f", "g"}
