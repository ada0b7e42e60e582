"""Calls of functions that the real compiler made, in this process and in a worker."""

from __future__ import annotations

import math
import os
import struct
from typing import TYPE_CHECKING, Any

import numpy  # noqa: ICN001  # as messages have it
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mojocell import _bridge
from mojocell.core import client, surroundings
from test_function import INTEGERS, LISTS, WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCALARS = ["Bool", *sorted(INTEGERS), "Float16", "Float32", "Float64"]
SOURCE = "\n".join(
    [
        *(f"def scalar_{t.lower()}(x: {t}) -> {t}:\n    return x\n" for t in SCALARS),
        *(
            f"def list_{t.lower()}(x: List[{t}]) -> List[{t}]:\n    return x.copy()\n"
            for t in ("Bool", "Int16", "Int", "UInt64", "Float16", "Float32", "Float64")
        ),
        """
def echo(s: String) -> String:
    return s

def optional(x: Optional[Int]) -> Optional[Int]:
    return x

def both(n: Int, s: String) -> Tuple[Int, String]:
    return (n + 1, s + "!")

def total(x: Span[Float64, _]) -> Float64:
    var sum = 0.0
    for value in x:
        sum += value
    return sum

def fill(x: Span[mut=True, Float64, _], value: Float64):
    for i in range(len(x)):
        x[i] = value

def evens(n: Int) -> List[Int]:
    var found = List[Int]()
    for i in range(n):
        found.append(2 * i)
    return found^

def weigh(a: Int, /, b: Int = 20, *, c: Int = 3 * 100) -> Int:
    return a + b + c

def check(n: Int) raises -> Int:
    if n < 0:
        raise Error("negative: ", n)
    return n

def item(x: Span[Float64, _], i: Int) -> Float64:
    return x[i]
""",
    ]
)


class FailureError(Exception):
    """What became of a call that failed."""


def failing(kind: str, details: dict[str, Any]) -> Exception:
    return FailureError(kind, details)


@pytest.fixture(scope="module")
def compiled(service: Path) -> dict[str, Any]:
    header = {"op": "compile", "source": SOURCE, "name": "cell", **surroundings.of_caller(None, None, None)}
    return client.request(header)


def make(compiled: dict[str, Any], mode: str) -> dict[str, Any]:
    runtime = compiled["runtime"]
    library = _bridge.Library(compiled["artifact"], runtime["libraries"], runtime["identity"])
    header = {"op": "run", "source": SOURCE, "name": "cell", **surroundings.of_caller(None, None, None)}
    table = "".join(f"{entry['symbol']} {entry['abi']}\n" for entry in compiled["functions"])
    worker = _bridge.Worker(client.client(), client.encode(header).decode(), table)
    entries: dict[str, list[Any]] = {}
    for entry in compiled["functions"]:
        entries.setdefault(entry["name"], []).append(entry)
    return {
        name: _bridge.Function(name, them, library, mode=mode, fail=failing, worker=lambda: worker)  # type: ignore[arg-type]
        for name, them in entries.items()
    }


@pytest.fixture(scope="module", params=["inline", "isolated"])
def functions(request: pytest.FixtureRequest, compiled: dict[str, Any]) -> Iterator[dict[str, Any]]:
    made = make(compiled, request.param)
    yield made
    assert {f.mode for f in made.values()} == {request.param}
    assert not _bridge.damaged()


def numbers(type_: str) -> st.SearchStrategy[Any]:
    if type_ == "Bool":
        return st.booleans()
    if type_ in INTEGERS:
        low, high = INTEGERS[type_]
        return st.integers(low, high) | st.sampled_from([low, high, 0, 1])
    return st.floats(width=WIDTHS[type_]) | st.sampled_from([0.0, -0.0, math.inf])


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other) or (math.isnan(one) and math.isnan(other))
    return bool(one == other) and type(one) is type(other)


@pytest.mark.parametrize("type_", SCALARS)
@settings(max_examples=50)
@given(data=st.data())
def test_every_scalar_comes_back(functions: dict[str, Any], type_: str, data: st.DataObject) -> None:
    x = data.draw(numbers(type_))
    assert same(functions[f"scalar_{type_.lower()}"](x), x)


@pytest.mark.parametrize("type_", ["Bool", "Int16", "Int", "UInt64", "Float16", "Float32", "Float64"])
@settings(max_examples=50)
@given(data=st.data())
def test_every_list_comes_back(functions: dict[str, Any], type_: str, data: st.DataObject) -> None:
    items = data.draw(st.lists(numbers(type_), max_size=30))
    for argument in (items, numpy.array(items, LISTS[type_][1])):
        back = functions[f"list_{type_.lower()}"](argument)
        assert back.dtype == LISTS[type_][1]
        assert len(back) == len(items)
        assert all(same(a, b) for a, b in zip(items, back.tolist(), strict=True))


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["", "\0", "a\0b", "😀"]))
def test_every_text_comes_back(functions: dict[str, Any], text: str) -> None:
    assert functions["echo"](text) == text
    assert functions["both"](41, text) == (42, text + "!")


def test_optional(functions: dict[str, Any]) -> None:
    assert functions["optional"](None) is None
    assert functions["optional"](-7) == -7


@pytest.mark.parametrize("count", [0, 1, 7, 10_000, 1_000_000])
def test_spans(functions: dict[str, Any], count: int) -> None:
    x = numpy.ones(count)
    assert functions["total"](x) == count
    functions["fill"](x, 2.5)
    assert (x == 2.5).all()


@pytest.mark.parametrize("count", [0, 1, 1000, 500_000])
def test_results_of_any_length(functions: dict[str, Any], count: int) -> None:
    found = functions["evens"](count)
    assert found.tolist() == list(range(0, 2 * count, 2))


def test_kinds_and_defaults(functions: dict[str, Any]) -> None:
    weigh = functions["weigh"]
    assert (weigh(1), weigh(1, 2), weigh(1, c=3), weigh(1, b=2, c=3)) == (321, 303, 24, 6)
    with pytest.raises(TypeError, match="positional-only"):
        weigh(a=1)
    with pytest.raises(TypeError, match="takes from 1 to 2 positional arguments but 3 were given"):
        weigh(1, 2, 3)


def test_what_mojo_raises(functions: dict[str, Any]) -> None:
    assert functions["check"](3) == 3
    for _ in range(3):
        with pytest.raises(FailureError) as caught:
            functions["check"](-5)
        assert caught.value.args == ("raised", {"message": "negative: -5", "function": "check"})
    assert functions["check"](4) == 4


def test_a_crash_and_the_call_after_it(functions: dict[str, Any]) -> None:
    x = numpy.arange(3.0)
    for _ in range(3):
        with pytest.raises(FailureError) as caught:
            functions["item"](x, 5)
        kind, details = caught.value.args
        assert kind == "crashed"
        assert (details["stack_overflow"], details["damaged"]) == (False, False)
        assert functions["item"](x, 2) == 2.0


def test_results_are_released(compiled: dict[str, Any]) -> None:
    functions = make(compiled, "inline")
    evens, echo = functions["evens"], functions["echo"]
    text = "x" * 10_000

    def calls() -> None:
        for _ in range(2000):
            evens(1000)
            echo(text)

    calls()
    before = resident()
    for _ in range(5):
        calls()
    assert resident() - before < 4 << 20


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
