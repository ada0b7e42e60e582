"""`mc.interact` without a browser: controls, how results are shown, newest-wins calls, and what views are told."""

from __future__ import annotations

import base64
import enum
import io
import math
import re
import threading
import time
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import mojocell as mc
from mojocell import widgets
from mojocell.widgets.caller import Caller, Request
from mojocell.widgets.controls import Checkbox, Choice, Fixed, Number, Slider, Text
from mojocell.widgets.results import POINTS, ROWS, present
from mojocell.widgets.signature import control_of, controls_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# --- controls -----------------------------------------------------------------------------------


class Shape(enum.Enum):
    """To choose from."""

    ROUND = 1
    FLAT = 2


def test_each_kind_of_value_stands_for_its_control() -> None:
    assert control_of((1, 30)) == Slider(1, 30)
    assert control_of((0.0, 1.0, 0.01)) == Slider(0.0, 1.0, 0.01)
    assert control_of(range(0, 10, 3)) == Slider(0, 9, 3)
    assert control_of(["a", "b"]) == Choice(["a", "b"])
    assert control_of({"slow": 1, "fast": 8}) == Choice({"slow": 1, "fast": 8})
    assert control_of(("a", "b")) == Choice(("a", "b"))
    assert control_of(Shape) == Choice({"ROUND": Shape.ROUND, "FLAT": Shape.FLAT})
    assert control_of(True) == Checkbox(True)
    assert control_of("…") == Text("…")
    assert control_of(3) == Number(3)
    assert control_of(np.float64(0.5)) == Number(0.5)
    data = np.zeros(3)
    fixed = control_of(data)
    assert isinstance(fixed, Fixed) and fixed.value is data


def test_hints_and_defaults_make_the_controls_that_nobody_names() -> None:
    def function(
        n: int,
        x: float,
        *,
        flag: bool,
        text: str,
        mode: Literal["a", "b"],
        bounded: Annotated[int, "a note", (1, 9)],
        shape: Shape,
        maybe: int | None = 3,
        loud: bool = True,
        other: Any = None,
    ) -> None: ...

    controls, fixed = controls_of(function, {})
    assert fixed == {}
    assert list(controls) == ["n", "x", "flag", "text", "mode", "bounded", "shape", "maybe", "loud"]
    assert controls["n"] == Number(0) and controls["x"] == Number(0.0)
    assert controls["flag"] == Checkbox() and controls["loud"] == Checkbox(True)
    assert controls["text"] == Text()
    assert controls["mode"].argument(1) == "b"
    assert controls["bounded"] == Slider(1, 9)
    assert controls["shape"].argument(1) is Shape.FLAT
    assert controls["maybe"] == Number(3)


def test_a_default_says_where_a_control_begins() -> None:
    def function(n: int = 7, x: float = 0.3, mode: str = "b", far: int = 99) -> None: ...

    controls, _ = controls_of(function, {"n": (1, 30), "x": (0, 1), "mode": ["a", "b"], "far": (1, 9)})
    assert [control.start() for control in controls.values()] == [7, 0.3, 1, 5]


def test_whole_bounds_of_a_float_parameter_give_floats() -> None:
    def function(x: float, n: int) -> None: ...

    controls, _ = controls_of(function, {"x": (0, 9), "n": (0.0, 4.0)})
    assert controls["x"].spec() == {
        "kind": "slider",
        "low": 0.0,
        "high": 9.0,
        "step": 0.1,
        "digits": 1,
        "whole": False,
    }
    assert controls["n"].spec()["whole"]


@pytest.mark.parametrize(
    ("controls", "error", "text"),
    [
        ({"m": (1, 2)}, TypeError, "function has no parameter 'm'; its parameters are n, data"),
        (
            {"n": (3, 1)},
            ValueError,
            "function: the control of n: a slider goes from a lower number to a higher one",
        ),
        ({"n": (1, 2, 3, 4)}, ValueError, r"a slider is \(low, high\) or \(low, high, step\)"),
        ({"n": (1, 9, -1)}, ValueError, "the step of a slider from 1 to 9 cannot be -1"),
        ({"n": (1, 2.5)}, ValueError, "2.5 is not a whole number"),
        ({"n": (0, 2**60)}, ValueError, "no further than"),
        ({"n": []}, ValueError, "there is nothing to choose from"),
        ({"n": (1, 2)}, TypeError, "data has no control, and none can be made from ndarray"),
    ],
)
def test_what_cannot_be_a_control_is_told(
    controls: dict[str, Any], error: type[Exception], text: str
) -> None:
    def function(n: int, data: np.ndarray) -> None: ...

    with pytest.raises(error, match=text):
        controls_of(function, controls)


@pytest.mark.parametrize(
    ("control", "values"),
    [
        (Slider(1, 30), [0, 31, 1.5, "1", None, True, math.nan, math.inf, []]),
        (Slider(0.0, 1.0), [-0.1, 1.1, "x", False]),
        (Number(3, low=0), [-1, 1.5, "", None]),
        (Choice(["a"]), [-1, 1, 0.0, True, "a"]),
        (Checkbox(), [0, 1, "true", None]),
        (Text(), [1, None, ["a"]]),
    ],
)
def test_what_a_browser_may_not_send_is_refused(control: Any, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(ValueError, match="is not"):
            control.argument(value)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.one_of(st.none(), st.floats(1e-3, 0.9)))
def test_a_slider_begins_on_itself_and_holds_its_ends(low: float, width: float, part: float | None) -> None:
    slider = Slider(low, low + width, None if part is None else part * width)
    assert low <= slider.argument(slider.start()) <= low + width
    assert slider.argument(low) == low
    assert slider.argument(low + width) == low + width


# --- results ------------------------------------------------------------------------------------


class Pretty:
    """Shows itself as HTML."""

    def _repr_html_(self) -> str:
        return "<b>pretty</b>"


class Drawing:
    """Shows itself as SVG."""

    def _repr_svg_(self) -> str:
        return "<svg/>"


@pytest.mark.parametrize(
    ("value", "kind", "summary"),
    [
        (None, "none", ""),
        (55, "text", "55"),
        ("two\nlines", "text", "two"),
        (np.float32(0.5), "text", "0.5"),
        (np.arange(10.0), "line", "10 values, from 0 to 9"),
        ([1, 2, 4], "line", "3 values, from 1 to 4"),
        (array("d", [1, 2]), "line", "2 values, from 1 to 2"),
        ({"a": np.arange(4), "b": np.arange(4)}, "line", "2 lines of 4 values, from 0 to 3"),
        ((np.arange(4), np.arange(4)), "line", "2 lines of 4 values, from 0 to 3"),
        (np.full(3, np.nan), "line", "3 values, none of them finite"),
        ([1], "table", "a table of 1 rows and 1 columns"),
        ([], "text", "[]"),
        ({"a": 1, "b": "x"}, "table", "a table of 2 rows and 2 columns"),
        ([{"a": 1, "b": 2}], "table", "a table of 1 rows and 2 columns"),
        ({"a": ["x", "y"], "b": [1, 2]}, "table", "a table of 2 rows and 2 columns"),
        (np.zeros((3, 4)), "table", "a table of 3 rows and 4 columns"),
        (np.zeros((20, 30)), "image", "an image of 30 by 20 pixels"),
        (np.zeros((20, 30, 3), np.uint8), "image", "an image of 30 by 20 pixels"),
        (Pretty(), "html", "Pretty"),
        (pd.DataFrame({"a": [1]}), "html", "DataFrame"),
        (Drawing(), "picture", "a picture"),
    ],
)
def test_a_result_is_shown_as_what_it_is(value: Any, kind: str, summary: str) -> None:
    found = present(value)
    assert (found["kind"], found["summary"]) == (kind, summary)


def test_a_way_to_show_can_be_asked_for_and_refused() -> None:
    assert present(np.arange(3.0), "table")["rows"] == [["0"], ["1"], ["2"]]
    assert present(np.zeros((20, 20)), "text")["kind"] == "text"
    with pytest.raises(TypeError, match="a result of type str cannot be shown as image"):
        present("x", "image")


def test_a_long_line_keeps_every_peak() -> None:
    values = np.zeros(1_000_000)
    values[123_456], values[765_432] = 7, -5
    found = present(values)
    (line,) = found["lines"]
    xs, ys = np.frombuffer(line["xs"]), np.frombuffer(line["ys"])
    assert len(xs) <= POINTS + 3
    assert (ys[xs == 123_456], ys[xs == 765_432]) == (7, -5)
    assert (found["low"], found["high"], found["count"]) == (-5, 7, 1_000_000)
    assert list(np.frombuffer(present(values.tolist())["lines"][0]["xs"])) == sorted(
        np.frombuffer(present(values.tolist())["lines"][0]["xs"])
    )


@given(st.lists(st.floats(allow_nan=True, width=32), min_size=2, max_size=60))
def test_a_line_of_any_floats_says_its_finite_bounds(values: list[float]) -> None:
    found = present(np.array(values))
    finite = [value for value in values if math.isfinite(value)]
    assert (found["low"], found["high"]) == ((min(finite), max(finite)) if finite else (0, 0))


def test_a_long_table_says_how_much_there_is() -> None:
    found = present([(i, i) for i in range(ROWS * 5)])
    assert (len(found["rows"]), found["count"]) == (ROWS, ROWS * 5)


def test_grey_goes_from_the_lowest_to_the_highest_and_colours_stay() -> None:
    grey = present(np.linspace(5, 6, 256).reshape(16, 16))
    assert (grey["pixels"][0], grey["pixels"][-1], grey["channels"]) == (0, 255, 1)
    assert present(np.full((1, 1, 3), 0.5))["pixels"] == b"\x80\x80\x80"
    assert present(np.full((1, 1, 4), 7, np.uint8))["pixels"] == b"\x07\x07\x07\x07"
    assert present(np.full((16, 16), np.nan))["pixels"] == bytes(256)


def test_a_figure_is_a_picture_and_is_closed() -> None:
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, 2])
    assert present(figure)["data"].startswith(b"\x89PNG")
    assert not plt.fignum_exists(figure.number)


# --- calls --------------------------------------------------------------------------------------


class Waiter:
    """Collects outcomes."""

    def __init__(self) -> None:
        self.outcomes: list[Any] = []
        self.changed = threading.Condition()

    def __call__(self, outcome: Any) -> None:
        with self.changed:
            self.outcomes.append(outcome)
            self.changed.notify_all()

    def until(self, count: int, seconds: float = 20) -> list[Any]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.outcomes) >= count, seconds), self.outcomes
            return self.outcomes


@pytest.fixture
def waiter() -> Waiter:
    return Waiter()


@pytest.fixture
def caller(waiter: Waiter) -> Iterator[Callable[..., Caller]]:
    made: list[Caller] = []

    def make(function: Callable[..., Any], **options: Any) -> Caller:
        made.append(Caller(function, waiter, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


class Spin:
    """A function that never ends for numbers below 0, and tells that it has begun."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    def __call__(self, n: int) -> int:
        self.begun.set()
        while n < 0:
            pass
        return n


def test_what_waits_is_forgotten_for_what_is_newer(caller: Callable[..., Caller], waiter: Waiter) -> None:
    begun, go = threading.Event(), threading.Event()
    seen = []

    def function(n: int) -> int:
        seen.append(n)
        begun.set()
        assert go.wait(20)
        return n

    calls = caller(function)
    calls.submit(Request({"n": 0}))
    assert begun.wait(20)
    for n in range(1, 50):
        calls.submit(Request({"n": n}))
    go.set()
    assert [outcome.value for outcome in waiter.until(2)] == [0, 49]
    assert seen == [0, 49]


def test_a_call_that_a_newer_one_has_waited_for_is_given_up(
    caller: Callable[..., Caller], waiter: Waiter
) -> None:
    spin = Spin()
    calls = caller(spin, patience=0.2)
    began = time.monotonic()
    calls.submit(Request({"n": -1}))
    assert spin.begun.wait(20)
    calls.submit(Request({"n": 5}))
    assert [outcome.value for outcome in waiter.until(1)] == [5]
    assert 0.2 <= time.monotonic() - began < 5


def test_stop_ends_the_call_and_the_next_one_works(caller: Callable[..., Caller], waiter: Waiter) -> None:
    spin = Spin()
    calls = caller(spin)
    for round in range(20):
        spin.begun.clear()
        calls.submit(Request({"n": -1}))
        if round % 3:  # otherwise it may not have begun
            assert spin.begun.wait(20)
        calls.stop()
        assert isinstance(waiter.until(2 * round + 1)[-1].error, KeyboardInterrupt)
        calls.submit(Request({"n": round}))
        assert waiter.until(2 * round + 2)[-1].value == round


def test_stopping_what_ends_just_then_loses_no_answer(caller: Callable[..., Caller], waiter: Waiter) -> None:
    def brief(n: int) -> int:
        end = time.perf_counter() + n * 1e-6
        while time.perf_counter() < end:
            pass
        return n

    calls = caller(brief)
    for round in range(300):
        calls.submit(Request({"n": round % 50}))
        time.sleep((round % 60) * 1e-6)
        calls.stop()
        waiter.until(round + 1)
    calls.submit(Request({"n": 7}))
    assert waiter.until(301)[-1].value == 7


def test_close_ends_the_call_and_the_thread(caller: Callable[..., Caller], waiter: Waiter) -> None:
    spin = Spin()
    calls = caller(spin)
    calls.submit(Request({"n": -1}))
    assert spin.begun.wait(20)
    calls.close()
    end = time.monotonic() + 10
    while any(thread.name == "mojocell-interact" for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.01)
    calls.submit(Request({"n": 1}))
    assert waiter.outcomes == []


# --- the widget ---------------------------------------------------------------------------------

SOURCE = '''
def scaled(n: Int, x: Float64 = 0.5, down: Bool = False) raises -> Float64:
    """Scale it."""
    print("n is", n)
    if n == 13:
        raise Error("no thirteen")
    return Float64(n) * (-x if down else x)


def at(n: Int, /) -> Int:
    var values: List[Int] = [1, 2, 3]
    return values[n]


def spin(n: Int) -> Int:
    print("spinning from", n)
    var k = n
    while k != 0:
        k += 2
    return k


def total(values: Span[Float64, _], factor: Float64 = 1.0) -> Float64:
    var sum = 0.0
    for value in values:
        sum += value
    return sum * factor
'''


@pytest.fixture(scope="module")
def module(service: object) -> Any:
    return mc.compile(SOURCE)


class View:
    """What the browser's side of a widget does."""

    def __init__(self, widget: Any) -> None:
        self.widget, self.number = widget, 0
        self.states: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        widget.observe(self._note, "state")

    def _note(self, change: Any) -> None:
        with self.changed:
            self.states.append(change.new)
            self.changed.notify_all()

    def send(self, content: object) -> None:
        self.widget._handle_custom_msg(content, [])

    def call(self, **values: Any) -> dict[str, Any]:
        """Ask, and return the answer."""
        self.ask(**values)
        return self.answer()

    def ask(self, **values: Any) -> None:
        self.number += 1
        self.send({"type": "call", "view": "v", "number": self.number, "values": values})

    def has_printed(self, text: str, seconds: float = 20) -> None:
        """Wait until the call that goes on has printed this."""
        end = time.monotonic() + seconds
        while "".join(self.widget._printed) != text:
            assert time.monotonic() < end, self.widget._printed
            time.sleep(0.005)

    def answer(self, seconds: float = 20) -> dict[str, Any]:
        def has_come() -> bool:
            return bool(self.states) and self.states[-1]["number"] == self.number

        with self.changed:
            assert self.changed.wait_for(has_come, seconds), self.states
            return self.states[-1]


def test_a_mojo_function_has_controls_a_first_result_and_newer_ones(module: Any) -> None:
    widget = mc.interact(module.scaled, n=(1, 30), x=(0.0, 1.0, 0.01))
    assert [control["kind"] for control in widget.controls] == ["slider", "slider", "checkbox"]
    assert (widget.value, widget.error) == (7.5, None)
    assert widget.arguments == {"n": 15, "x": 0.5, "down": False}
    view = View(widget)
    state = view.call(n=4, x=0.25, down=True)
    assert (state["status"], state["result"]["text"], state["printed"]) == ("ready", "-1.0", "n is 4\n")
    assert (widget.value, widget.arguments) == (-1.0, {"n": 4, "x": 0.25, "down": True})
    widget.close()


def test_errors_and_crashes_are_told_and_the_next_call_works(module: Any) -> None:
    widget = mc.interact(module.scaled, n=(1, 30))
    view = View(widget)
    state = view.call(n=13, x=0.5, down=False)
    assert state["error"] == {"name": "MojoRuntimeError", "text": "no thirteen"}
    assert state["result"]["kind"] == "none"
    assert widget.value is None and isinstance(widget.error, mc.MojoRuntimeError)
    assert view.call(n=2, x=0.5, down=False)["result"]["text"] == "1.0"
    crashing = mc.interact(module.at, n=range(9))
    view = View(crashing)
    state = view.call(n=8)
    assert state["error"]["name"] == "MojoCrash"
    assert "cell:12:" in state["error"]["text"] and "return values[n]" in state["error"]["text"]
    assert view.call(n=2)["result"]["text"] == "3"


@pytest.mark.parametrize(
    "values", [{"n": 99, "x": 0.5, "down": False}, {}, {"n": "1", "x": None, "down": 3}, None, [1]]
)
def test_values_that_a_control_cannot_have_reach_no_function(module: Any, values: Any) -> None:
    widget = mc.interact(module.scaled, n=(1, 30))
    view = View(widget)
    view.number = 1
    view.send({"type": "call", "view": "v", "number": 1, "values": values})
    assert view.answer()["error"]["name"] == "ValueError"
    assert view.states[-1]["printed"] == ""
    for nonsense in (None, 3, [], {"type": "other"}, {}):
        view.send(nonsense)
    assert view.call(n=2, x=0.5, down=False)["status"] == "ready"


def test_a_loop_is_stopped_or_overtaken(module: Any) -> None:
    widget = mc.interact(module.spin, n=mc.widgets.Slider(0, 10, value=0))
    view = View(widget)
    view.ask(n=1)
    view.has_printed("spinning from 1\n")
    began = time.monotonic()
    view.send({"type": "stop"})
    assert view.answer()["status"] == "stopped"
    assert time.monotonic() - began < 2
    assert isinstance(widget.error, KeyboardInterrupt)
    view.ask(n=1)
    view.has_printed("spinning from 1\n")
    assert view.call(n=0)["result"]["text"] == "0"
    assert [state["number"] for state in view.states] == [1, 3]
    widget.close()


def test_arrays_are_passed_as_they_are(module: Any) -> None:
    widget = mc.interact(module.total, values=np.arange(5.0), factor=(0.0, 2.0, 0.5))
    assert widget.value == 10.0
    assert View(widget).call(factor=2.0)["result"]["text"] == "20.0"


def test_python_functions_too_and_every_state_is_json_and_bytes(module: Any) -> None:
    def wave(n: int, *, mode: str = "line") -> Any:
        return np.arange(n) if mode == "line" else module.scaled(n)

    widget = mc.interact(wave, n=(2, 9), mode=["line", "text"])
    assert isinstance(widget.state["result"]["lines"][0]["xs"], bytes)
    state = View(widget).call(n=3, mode=1)
    assert (state["result"]["text"], widget.arguments) == ("1.5", {"n": 3, "mode": "text"})


def test_what_cannot_be_shown_is_an_error_of_the_widget() -> None:
    def text(n: int) -> str:
        return "x" * n

    widget = mc.interact(text, "image", n=(1, 9))
    assert widget.state["error"] == {
        "name": "TypeError",
        "text": "a result of type str cannot be shown as image",
    }
    with pytest.raises(
        ValueError, match="a result is shown as one of auto, text, table, line, image, not as 'chart'"
    ):
        mc.interact(text, "chart", n=(1, 9))
    with pytest.raises(TypeError, match="interact takes a function, which 3 is not"):
        mc.interact(3)  # type: ignore[arg-type]


def test_every_rule_of_the_style_is_for_widgets_alone() -> None:
    """JupyterLab's cells have names of ours, too: what stands in a page is the page's."""
    text = re.sub(
        r"/\*.*?\*/", "", (Path(widgets.__file__).parent / "interact.css").read_text(), flags=re.DOTALL
    )
    heads = [head.strip() for head in re.findall(r"([^{};]+)\{", text)]
    selectors = [head for head in heads if not head.startswith("@")]
    assert len(selectors) > 30
    for head in selectors:
        for selector in re.split(r",(?![^()]*\))", head):
            assert re.match(r"\.mojocell-interact|:where\(\.mojocell-interact\) ", selector.strip()), selector


# --- where no widget runs -----------------------------------------------------------------------

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def shown(function: Callable[..., Any], **controls: Any) -> dict[str, Any]:
    """What a cell's output holds of a widget."""
    widget = mc.interact(function, **controls)
    data, _ = widget._repr_mimebundle_()
    widget.close()
    assert WIDGET_VIEW in data
    return data


def test_a_widget_shows_function_arguments_and_last_result_where_nothing_runs_it() -> None:
    def label(n: int, data: Any) -> str:
        return f"<{n}> of {len(data)}"

    data = shown(label, n=3, data=np.arange(1000))
    call, result = data["text/plain"].split("\n")
    assert re.fullmatch(r"label\(data=array\(.*\.\.\..*\), n=3\)", call)
    assert result == "<3> of 1000"
    assert "&lt;3&gt; of 1000" in data["text/html"]


def test_the_last_result_is_that_of_the_newest_call() -> None:
    widget = mc.interact(lambda n: n * n, n=(1, 9))
    view = View(widget)
    assert view.call(n=7)["result"]["text"] == "49"
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"] == "<lambda>(n=7)\n49"


def test_tables_lines_images_and_errors_are_text_and_images_too() -> None:
    table = shown(lambda n: [{"i": i, "name": "<b>"} for i in range(n)], n=mc.widgets.Number(250))
    assert table["text/plain"].split("\n")[1:3] == ["i    name", "0    <b>"]
    assert "… and 50 more rows" in table["text/plain"] and "… and 50 more rows" in table["text/html"]
    assert '<th scope="col">name</th>' in table["text/html"] and "<b>" not in table["text/html"]

    line = shown(lambda n: np.array([0.0, np.nan, 2.0, 1.0]) * n, n=1)
    assert line["text/plain"].endswith("4 values, from 0 to 2")
    drawing = picture(line["text/html"], "image/svg+xml").decode()
    assert 'd="M8.0,252.0M370.7,8.0L552.0,130.0"' in drawing

    for shape in ((20, 30), (20, 30, 3), (20, 30, 4)):
        pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
        image = shown(lambda n, pixels=pixels: pixels, n=1, pixels=mc.widgets.Fixed(pixels))
        with Image.open(io.BytesIO(picture(image["text/html"], "image/png"))) as found:
            assert np.array_equal(np.asarray(found), pixels)
        assert 'alt="an image of 30 by 20 pixels"' in image["text/html"]

    def failing(n: int) -> None:
        raise ValueError(f"not <{n}>")

    failed = shown(failing, n=1)
    assert failed["text/plain"] == "failing(n=1)\nValueError: not <1>"
    assert "not &lt;1&gt;" in failed["text/html"]


def picture(page: str, mime: str) -> bytes:
    found = re.search(rf'src="data:{re.escape(mime)};base64,([^"]*)"', page)
    assert found is not None
    return base64.b64decode(found[1])


def test_a_page_without_the_state_of_widgets_shows_it() -> None:
    import nbformat
    from nbconvert import HTMLExporter

    output = nbformat.v4.new_output("display_data", shown(lambda n: f"result {n}", n=4))
    cell = nbformat.v4.new_code_cell("w", outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert "result 4" in page and "&lt;lambda&gt;(n=4)" in page


def test_what_a_view_asks_is_heard_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = mc.interact(lambda n: n, n=(1, 9))
    sent: list[Any] = []
    monkeypatch.setattr(widget, "send", sent.append)
    assert View(widget).call(n=2)["status"] == "ready"
    assert sent == [{"type": "heard", "view": "v"}]
