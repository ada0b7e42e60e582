"""Structs are dataclasses: as arguments and results, alone and in others, in both modes, and one class wherever they are used."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import math
import os
import pickle
import subprocess
import sys
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mojocell as mc
from mojocell.call import structs
from mojocell.cells import shown
from mojocell.cells.functions import Binder
from test_leaks import assert_nothing_grows

SOURCE = '''
@fieldwise_init
struct Point(Copyable):
    """A place.

    In the plane.
    """
    var x: Float64
    var y: Float64

    def norm(self) -> Float64:
        var sum = self.x * self.x + self.y * self.y
        return sum

@fieldwise_init
struct Line(Copyable):
    var start: Point
    var end: Point
    var name: String

@fieldwise_init
struct Small(Copyable):
    var flag: Bool
    var tiny: Int8
    var large: UInt64
    var half: Float16
    var single: Float32
    var text: String

@fieldwise_init
struct Model:
    var weights: List[Float64]
    var words: List[String]
    var best: Optional[Int]
    var points: List[Point]
    var table: Dict[String, Point]

def norm(p: Point) -> Float64:
    return p.norm()

def swap(p: Point) -> Point:
    return Point(p.y, p.x)

def turn(var line: Line) raises -> Line:
    if line.name == "":
        raise Error("no name")
    return Line(line.end.copy(), line.start.copy(), line.name + "!")

def keep(small: Small) -> Small:
    return small.copy()

def maybe(p: Optional[Point] = None) -> Optional[Point]:
    if p:
        return Point(p.value().x, 0.0)
    return None

def both(p: Point, n: Int = 3) -> Tuple[Point, Int, String]:
    return (p.copy(), n, String("t"))

def reverse(lines: List[Line]) -> List[Line]:
    var found = List[Line]()
    for i in range(len(lines)):
        found.append(lines[len(lines) - 1 - i].copy())
    return found^

def table(points: Dict[String, Point]) -> Dict[String, Point]:
    return points.copy()

def more(model: Model) raises -> Model:
    var weights = model.weights.copy()
    weights.append(1.5)
    return Model(weights^, model.words.copy(), model.best, model.points.copy(), model.table.copy())

def which(p: Point) -> String:
    return "point"

def which(s: Line) -> String:
    return "line"

def computed(p: Point = Point(1.0, 2.0)) -> Point:
    return p.copy()

def pack(a: Int, p: Point, b: List[Int], q: Optional[Point], c: String) -> String:
    return String(a, " ", p.x, " ", len(b), " ", q.value().y if q else 0.0, " ", c)
'''


@pytest.fixture(scope="module")
def shapes() -> mc.MojoModule:
    return mc.compile(SOURCE)


@pytest.fixture(scope="module", params=["inline", "isolated"])
def anywhere(request: Any, shapes: mc.MojoModule) -> Any:
    """The functions in both modes, of one compilation."""
    return mc.compile(SOURCE, mode=request.param)


def line(shapes: mc.MojoModule, name: str = "ab") -> Any:
    return shapes.Line(shapes.Point(0.0, 1.0), shapes.Point(2.0, 3.0), name)


# --- values -------------------------------------------------------------------------------------


def test_structs_go_in_and_come_out(anywhere: Any) -> None:
    point, line_of = anywhere.Point, anywhere.Line
    assert anywhere.norm(point(3.0, 4)) == 25.0
    assert anywhere.swap(point(1, 2)) == point(2.0, 1.0)
    assert type(anywhere.swap(point(1, 2))) is point
    assert anywhere.turn(line(anywhere)) == line_of(point(2.0, 3.0), point(0.0, 1.0), "ab!")
    assert anywhere.computed() == point(1.0, 2.0)
    assert anywhere.computed(p=point(5, 6)) == point(5.0, 6.0)


def test_they_are_in_others(anywhere: Any) -> None:
    point = anywhere.Point
    assert anywhere.maybe() is anywhere.maybe(None) is None
    assert anywhere.maybe(point(4.0, 5.0)) == point(4.0, 0.0)
    assert anywhere.both(point(1.0, 2.0)) == (point(1.0, 2.0), 3, "t")
    lines = [line(anywhere, ""), line(anywhere, "ä" * 9), line(anywhere, "b\0")]
    assert anywhere.reverse(lines) == lines[::-1]
    assert anywhere.reverse([]) == []
    assert anywhere.reverse(iter(lines)) == lines[::-1]
    assert anywhere.table({"a": point(1.0, 2.0), "": point(3.0, 4.0)}) == {"a": point(1, 2), "": point(3, 4)}


def test_fields_are_of_every_kind(anywhere: Any) -> None:
    model = anywhere.Model(
        np.array([1.0]), ["a", ""], None, [anywhere.Point(1, 2)], {"k": anywhere.Point(3, 4)}
    )
    made = anywhere.more(model)
    assert made.weights.tolist() == [1.0, 1.5]
    assert (made.words, made.best) == (["a", ""], None)
    assert (made.points, made.table) == ([anywhere.Point(1.0, 2.0)], {"k": anywhere.Point(3.0, 4.0)})
    assert anywhere.more(dataclasses.replace(model, best=7)).best == 7


def test_they_stand_between_other_arguments(anywhere: Any) -> None:
    point = anywhere.Point
    assert anywhere.pack(1, point(2, 3), [4, 5], point(6, 7), "end") == "1 2.0 2 7.0 end"
    assert anywhere.pack(c="end", q=None, b=[], p=point(2, 3), a=1) == "1 2.0 0 0.0 end"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SMALL = st.tuples(
    st.booleans(),
    st.integers(-128, 127),
    st.integers(0, 2**64 - 1),
    st.floats(width=16),
    st.floats(width=32),
    TEXTS,
)


@hypothesis.settings(max_examples=50, deadline=None)
@hypothesis.given(values=SMALL)
def test_each_value_comes_back_as_it_went(shapes: mc.MojoModule, values: tuple[Any, ...]) -> None:
    given = shapes.Small(*values)
    back = shapes.keep(given)
    for field in dataclasses.fields(given):
        one, other = getattr(given, field.name), getattr(back, field.name)
        assert one == other or (math.isnan(one) and math.isnan(other))
        assert type(one) is type(other)


@hypothesis.settings(max_examples=50, deadline=None)
@hypothesis.given(values=st.lists(st.tuples(st.floats(allow_nan=False), TEXTS)))
def test_lists_of_any_length_come_back(shapes: mc.MojoModule, values: list[tuple[float, str]]) -> None:
    lines = [shapes.Line(shapes.Point(x, 0), shapes.Point(0, x), text) for x, text in values]
    assert shapes.reverse(shapes.reverse(lines)) == lines


# --- what is taken ------------------------------------------------------------------------------


@dataclasses.dataclass
class Point:
    """Of the same name, and another class."""

    y: float
    x: float


class Pair(typing.NamedTuple):
    """What a Point has, in its order."""

    x: int
    y: int


def test_what_has_the_fields_is_taken(shapes: mc.MojoModule) -> None:
    class Far(shapes.Point):  # type: ignore[name-defined,misc]
        pass

    assert shapes.swap(Far(1.0, 2.0)) == shapes.Point(2.0, 1.0)
    assert shapes.swap(Point(y=1.0, x=2.0)) == shapes.Point(1.0, 2.0)
    assert shapes.swap(Pair(1, 2)) == shapes.Point(2.0, 1.0)


def test_attributes_that_are_made_each_time_are_taken(shapes: mc.MojoModule) -> None:
    class Fresh(shapes.Line):  # type: ignore[name-defined,misc]
        @property
        def name(self) -> str:
            return "".join(["fre", "sh" * 50])

        @name.setter
        def name(self, _value: str) -> None: ...

    made = shapes.turn(Fresh(shapes.Point(0, 0), shapes.Point(1, 1), ""))
    assert made.name == "fre" + "sh" * 50 + "!"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda m: m.norm((1, 2)), "'p' of norm: Mojo wants Point, got tuple; write Point(*p)"),
        (lambda m: m.norm([1, 2]), "'p' of norm: Mojo wants Point, got list; write Point(*p)"),
        (lambda m: m.norm({"x": 1}), "'p' of norm: Mojo wants Point, got dict; write Point(**p)"),
        (lambda m: m.norm(None), "'p' of norm: Mojo wants Point, got None"),
        (lambda m: m.norm(m.Point), "'p' of norm: Mojo wants Point, got StructType"),
        (lambda m: m.norm(line(m)), "'p' of norm: Mojo wants Point, got Line"),
        (lambda m: m.norm(m.Point("a", 1)), "'p.x' of norm: Mojo wants Float64, got str"),
        (lambda m: m.maybe(m.Point(1, None)), "'p.y' of maybe: Mojo wants Float64, got None"),
        (
            lambda m: m.turn(m.Line(m.Point(0, 0), m.Point(1, "b"), "c")),
            "'line.end.y' of turn: Mojo wants Float64, got str",
        ),
        (
            lambda m: m.turn(m.Line((0, 0), m.Point(1, 2), "c")),
            "'line.start' of turn: Mojo wants Point, got tuple; write Point(*line.start)",
        ),
        (lambda m: m.reverse([line(m), 3]), "'lines' of reverse: element 1: Mojo wants Line, got int"),
        (
            lambda m: m.reverse([line(m), line(m, 3)]),
            "'lines[1].name' of reverse: Mojo wants String, got int",
        ),  # type: ignore[arg-type]
        (lambda m: m.reverse(3), "'lines' of reverse: Mojo wants List[Line], got int"),
        (
            lambda m: m.table({"k": m.Point(1, "b")}),
            "'points.y' of table: item 'k': Mojo wants Float64, got str",
        ),
        (
            lambda m: m.keep(m.Small(True, 1.5, 0, 0, 0, "")),
            "'small.tiny' of keep: Mojo wants Int8, got float; write round(small.tiny) to round it",
        ),
    ],
)
def test_what_does_not_fit_is_told_by_its_field(shapes: mc.MojoModule, call: Any, said: str) -> None:
    with pytest.raises(TypeError) as raised:
        call(shapes)
    assert str(raised.value) == f"argument {said}"


def test_numbers_keep_their_rules(shapes: mc.MojoModule) -> None:
    with pytest.raises(OverflowError, match=r"'small.tiny' of keep: 300 does not fit into Int8"):
        shapes.keep(shapes.Small(True, 300, 0, 0, 0, ""))
    with pytest.raises(OverflowError, match=r"write float\(p.x\) to round it"):
        shapes.norm(shapes.Point(2**53 + 1, 0))


def test_a_namesake_without_a_field_is_refused(shapes: mc.MojoModule) -> None:
    other = dataclasses.make_dataclass("Point", ["x"])
    with pytest.raises(TypeError, match="Mojo wants Point, got a Point without 'y'"):
        shapes.norm(other(1.0))


def test_an_attribute_that_raises_is_heard(shapes: mc.MojoModule) -> None:
    class Broken(shapes.Point):  # type: ignore[name-defined,misc]
        @property
        def x(self) -> float:
            raise ZeroDivisionError

        @x.setter
        def x(self, _value: float) -> None: ...

    with pytest.raises(ZeroDivisionError):
        shapes.norm(Broken(1, 2))


def test_what_mojo_raises_is_raised(shapes: mc.MojoModule) -> None:
    with pytest.raises(mc.MojoRuntimeError, match="no name"):
        shapes.turn(line(shapes, ""))


def test_overloads_go_by_the_struct(shapes: mc.MojoModule) -> None:
    assert shapes.which(shapes.Point(1, 2)) == "point"
    assert shapes.which(line(shapes)) == "line"


# --- the class ----------------------------------------------------------------------------------


def test_the_class_is_a_dataclass(shapes: mc.MojoModule) -> None:
    assert dataclasses.is_dataclass(shapes.Point)
    assert [field.name for field in dataclasses.fields(shapes.Line)] == ["start", "end", "name"]
    assert shapes.Point.__name__ == shapes.Point.__qualname__ == "Point"
    assert inspect.getdoc(shapes.Point) == "A place.\n\nIn the plane."
    assert repr(line(shapes)) == "Line(start=Point(x=0.0, y=1.0), end=Point(x=2.0, y=3.0), name='ab')"
    assert shapes.Point(1, 2) == shapes.Point(1.0, y=2.0) != shapes.Point(1, 3)
    assert dataclasses.asdict(shapes.Point(1, 2)) == {"x": 1, "y": 2}
    assert typing.get_type_hints(shapes.Line) == {"start": shapes.Point, "end": shapes.Point, "name": str}
    assert typing.get_type_hints(shapes.Model)["points"] == Sequence[shapes.Point]


def test_the_module_has_its_classes(shapes: mc.MojoModule) -> None:
    assert list(shapes.structs) == ["Point", "Line", "Small", "Model"]
    assert {"Point", "Line", "norm"} <= set(dir(shapes))
    assert shapes.skipped == {}


def test_signatures_name_the_class(shapes: mc.MojoModule) -> None:
    assert inspect.signature(shapes.swap).return_annotation is shapes.Point
    hints = typing.get_type_hints(shapes.both.__wrapped__)
    assert hints == {"p": shapes.Point, "n": int, "return": tuple[shapes.Point, int, str]}
    hints = typing.get_type_hints(shapes.reverse.__wrapped__)
    assert hints == {"lines": Sequence[shapes.Line], "return": list[shapes.Line]}
    assert typing.get_type_hints(shapes.maybe.__wrapped__)["p"] == shapes.Point | None


def test_pickles_and_copies(shapes: mc.MojoModule) -> None:
    given = line(shapes)
    back = pickle.loads(pickle.dumps(given))
    assert (back, type(back)) == (given, shapes.Line)
    assert pickle.loads(pickle.dumps(shapes.Line)) is shapes.Line
    assert copy.deepcopy(given) == given
    assert copy.copy(given).start is given.start


def test_a_pickle_is_read_where_nothing_was_compiled(shapes: mc.MojoModule) -> None:
    code = (
        "import pickle, sys; x = pickle.load(sys.stdin.buffer); print(x, x == type(x)(x.start, x.end, 'ab'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(line(shapes)), capture_output=True, check=True
    )
    assert done.stdout.decode() == f"{line(shapes)!r} True\n"


# --- one class everywhere -----------------------------------------------------------------------


def test_a_struct_of_another_source_is_the_same_class(shapes: mc.MojoModule) -> None:
    user = mc.compile(
        "def far(p: Point) -> Line:\n    return Line(p.copy(), p.copy(), String(p.x))\n", using=[shapes]
    )
    assert (user.Point, user.Line) == (shapes.Point, shapes.Line)
    assert user.far(shapes.Point(1, 2)) == shapes.Line(shapes.Point(1, 2), shapes.Point(1, 2), "1.0")
    assert mc.compile(SOURCE + "# only a comment\n").Point is shapes.Point


def test_equal_names_of_two_sources_are_two_classes() -> None:
    inner = mc.compile(
        "@fieldwise_init\nstruct P(Copyable):\n    var n: Int\n\ndef one() -> P:\n    return P(1)\n"
    )
    outer = mc.compile(
        "@fieldwise_init\nstruct P(Copyable):\n    var text: String\n\n"
        "def two() -> P:\n    return P(String(one().n) + '!')\n\n"
        "def main():\n    pass\n",
        using=[inner.one],
    )
    assert inner.P is not outer.P
    assert (inner.one(), outer.two()) == (inner.P(1), outer.P("1!"))


# --- in notebooks -------------------------------------------------------------------------------


class Shell:
    """What binding asks of an IPython."""

    def __init__(self, **names: Any) -> None:
        self.user_ns: dict[str, Any] = names
        self.user_ns_hidden: dict[str, Any] = {}

    def push(self, names: dict[str, Any]) -> None:
        self.user_ns.update(names)


def test_a_cell_binds_the_classes_of_its_own_structs(shapes: mc.MojoModule) -> None:
    shell = Shell(Line=3)
    binder = Binder(shell)
    bound = binder.bind("cell", shapes)
    assert bound.names[:5] == ["Point", "Line", "Small", "Model", "norm"]
    assert bound.warnings == ["`Line` was a Python variable (int) and is a Mojo struct now"]
    assert shell.user_ns["Point"] is shapes.Point
    assert binder.bind("cell", shapes).warnings == []
    user = mc.compile("def far(p: Point) -> Point:\n    return p.copy()\n", using=[shapes])
    assert binder.bind("other", user).names == ["far"]
    assert shown.definitions(bound, {**structs.signatures(shapes.compiled.records), **shapes.functions})[
        1:3
    ] == [
        [("", "  struct Point(x: Float64, y: Float64)")],
        [("", "  struct Line(start: Point, end: Point, name: String)")],
    ]


# --- what is kept -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda m, one: m.turn(one),
        lambda m, one: (m.reverse([one, one]), m.maybe(one.start), m.table({"a": one.start})),
        lambda m, one: m.reverse([one, 3]),
        lambda m, one: m.turn(m.Line(one.start, m.Point(0, "x"), "")),
        lambda m, one: pickle.loads(pickle.dumps(one)),
    ],
)
def test_nothing_grows(shapes: mc.MojoModule, call: Any) -> None:
    given = line(shapes)
    assert_nothing_grows(lambda: call(shapes, given), given, given.start, shapes.Line, shapes.Point)


def test_memory_of_what_python_refuses_is_released() -> None:
    """Text that is no UTF-8, between others."""
    source = """
@fieldwise_init
struct Texts:
    var first: String
    var middle: String
    var last: String

def made(n: Int) -> Texts:
    var bytes = List[UInt8](length=n, fill=255)
    return Texts(String("a") * n, String(unsafe_from_utf8=bytes), String("b") * n)
"""
    made = mc.compile(source).made

    def fail() -> None:
        with pytest.raises(mc.MojoReturnError):
            made(1 << 20)

    for _ in range(10):
        fail()
    before = resident()
    for _ in range(100):
        fail()
    assert resident() - before < 50 << 20


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
