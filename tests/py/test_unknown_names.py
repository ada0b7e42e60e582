"""Names that a source lacks and its surroundings have: what `mc.cell`, `mc.compile` and `mc.run` say of them."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import pytest

import mojocell as mc
from scripted import FakeBridge

SHAPES = """
from std.math import pi

@fieldwise_init
struct Circle(Copyable):
    var radius: Float64

def area(radius: Float64) -> Float64:
    return pi * radius**2
"""


def unknown(name: str, line: int = 1) -> dict[str, Any]:
    """A source that did not compile for want of a name, as the daemon tells it."""
    error = {"kind": "error", "message": f"use of unknown declaration '{name}'", "line": line, "column": 1}
    return {
        "ok": False,
        "kind": "statements",
        "cell": {"definitions": [{"name": "f", "line": 2, "end_line": 3}]},
        "failure": {"code": "compile_failed", "message": error["message"]},
        "diagnostics": [{**error, "source": name, "notes": [], "fixits": []}],
    }


def said(call: Callable[[], object]) -> str:
    with pytest.raises(mc.MojoCompileError) as caught:
        call()
    assert caught.value.hint == caught.value.diagnostics[0].hint
    return caught.value.hint or ""


@pytest.mark.parametrize(
    ("value", "line", "says"),
    [
        (3, 1, '`it` is a Python variable: `inputs={"it": it}` takes it in'),
        (3, 2, "`it` is a Python variable, which a definition does not see: make it an argument"),
        ({}, 1, "`it` is a Python variable (dict), for which Mojo has no type"),
        (types, 1, "call it in Python, and take the result in with inputs="),
        (len, 1, "call it in Python, and take the result in with inputs="),
    ],
)
def test_values_around_a_cell_are_told_of(value: object, line: int, says: str, bridge: FakeBridge) -> None:
    it = value
    bridge.answers["run"] = [unknown("it", line)]
    assert says in said(lambda: (it, mc.cell("it")))


def test_what_is_taken_already_stands_in_the_line_to_write(bridge: FakeBridge) -> None:
    bridge.answers["compile"] = [unknown("b")]
    a, b = 1, 2.5
    assert '`inputs={"a": a, "b": b}`' in said(lambda: (b, mc.cell("a\nb", inputs={"a": a})))


def test_a_program_is_told_which_function_takes_it(bridge: FakeBridge) -> None:
    bridge.answers["run"] = [unknown("it")]
    it = 3
    assert '`mc.cell(source, inputs={"it": it})`' in said(lambda: (it, mc.run("it")))
    assert '"it": it' in (mc.run("it", check=False).error or mc.MojoError("")).hint  # type: ignore[operator]


def test_a_name_that_nobody_knows_has_no_hint(bridge: FakeBridge) -> None:
    bridge.answers["run"] = [unknown("nowhere")]
    assert said(lambda: mc.cell("nowhere")) == ""


@pytest.fixture(scope="module")
def shapes(service: object) -> mc.MojoModule:
    return mc.compile(SHAPES)


def test_mojo_around_a_source_is_told_of(shapes: mc.MojoModule) -> None:
    area = shapes.area
    assert "`using=[area]` takes it along" in said(lambda: (area, mc.cell("print(area(1.0))")))
    assert "`mc.cell(source, using=[area])`" in said(lambda: (area, mc.run("print(area(1.0))")))
    assert "`shapes` has Mojo functions: `using=[shapes]`" in said(
        lambda: (shapes, mc.compile("def f() -> Float64:\n    return shapes.area(1)\n"))
    )
    needs = "def f(c: Circle) -> Float64:\n    return area(c.radius)\n"
    assert "`Circle` is defined by `shapes`: `using=[area, shapes]` takes it along" in said(
        lambda: (shapes, area, mc.compile(needs, using=[area]))
    )


def test_a_decorator_looks_around_itself(shapes: mc.MojoModule) -> None:
    def decorate() -> object:
        area = shapes.area

        @mc.mojo("def double(r: Float64) -> Float64:\n    return 2 * area(r)\n")
        def double(r: float) -> float: ...

        return area, double

    assert "`using=[area]` takes it along" in said(decorate)


def test_all_that_a_module_defines_is_taken_along(shapes: mc.MojoModule) -> None:
    source = "def price(r: Float64) -> Float64:\n    var c = Circle(r)\n    return area(c.radius) / pi\n"
    module = mc.compile(source, using=[shapes])
    assert module.price(3) == 9
    # What a source has from others is theirs for those that use it in turn, by their own word alone.
    again = mc.cell("print(price(2.0), Circle(1.0).radius)", using=[module, shapes])
    assert again.result is not None and again.result.stdout == "4.0 1.0\n"
