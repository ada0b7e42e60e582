"""Definitions that carry over from cell to cell: the graph by itself, then in a real kernel with the real compiler."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mojocell as mc
from daemon import wait_until
from kernels import Kernel, Outcome, kernel
from mojocell.cells.carried import Carried
from mojocell.core import client, text

# --- names in a text ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("print(area(2))", {"print", "area"}),
        ("# area\nx = 1", {"x"}),
        ("'''area\nand more''' \"area\" 'it''s'", set()),
        (r"'\'area'", set()),
        ("t'{area(n)} of perimeter'", {"t", "area", "n"}),
        ("shape.area(other.width)", {"shape", "other"}),
        ("def area():\n    return side", {"return", "side"}),
        ("struct S:\n    def area(self):\n        return self.side", {"struct", "self", "return"}),
        ("def f[n: Size = width](x: Kind):\n    ...", {"n", "Size", "width", "x", "Kind"}),
        ("total = \\\n    area", {"total", "area"}),
        ("'never closed area", set()),
    ],
)
def test_what_a_text_may_have_from_others(source: str, names: set[str]) -> None:
    assert set(text.uses(source)) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f():\n    def g(): ...\nfn h(): ...", ["f", "h"]),
        ("@fieldwise_init\nstruct S(Copyable):\n    var x: Int\ntrait T: ...", ["S", "T"]),
        ("comptime N = 2\nalias M = 3", ["N", "M"]),
        ("from a.b import (\n    c,\n    d as e,\n)\nfrom f import g, h as i", ["c", "e", "g", "i"]),
        ("import a, b.c, d.e as f, std.math, std.os as os", ["a", "b", "f", "os"]),
        ('"""\ndef f(): ...\n"""\n# def g(): ...', []),
    ],
)
def test_what_a_text_defines(source: str, names: list[str]) -> None:
    assert list(text.defines(source)) == names


# --- the graph ----------------------------------------------------------------------------------

NAMES = "abcde"


def written(name: str, number: int, used: tuple[str, ...]) -> str:
    return f"def {name}() -> Int:\n    return {number}{''.join(f' + {other}()' for other in used)}\n"


def expand(items: list[dict[str, Any]]) -> list[Any]:
    """Return a graph as nested sources: what it means, whatever its order and numbers."""
    modules: list[Any] = []
    for item in items:
        used = sorted((tuple(sorted(link["names"])), modules[link["of"]]) for link in item["links"])
        modules.append((item["source"], tuple(used)))
    return sorted(
        (tuple(sorted(item["names"])), made)
        for item, made in zip(items, modules, strict=True)
        if item["names"]
    )


CELLS = st.sampled_from(["one", "two", "three", "four"])
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("run"),
            CELLS,
            st.sampled_from(NAMES),
            st.integers(0, 2),
            st.lists(st.sampled_from(NAMES), max_size=3, unique=True),
        ),
        st.tuples(st.sampled_from(["fail", "delete"]), CELLS),
        st.tuples(st.just("restart")),
    ),
    max_size=25,
)


@settings(max_examples=2000, deadline=None)
@given(STEPS)
def test_any_history_is_as_a_fresh_kernel_that_runs_the_living_cells(steps: list[Any]) -> None:
    carried, living = Carried(), dict[str, str]()
    for step in steps:
        before = {cell: expand(carried.using(source, cell)) for cell, source in living.items()}
        if step[0] == "restart":
            carried, living, before = Carried(), {}, {}
            outdated: list[str] = []
        elif step[0] == "run":
            cell, source = step[1], written(step[2], step[3], tuple(step[4]))
            living.pop(cell, None)
            living[cell] = source  # of two that define a name the last one run counts
            outdated = carried.ran(cell, "In [1]", source).outdated
        else:
            living.pop(step[1], None)
            outdated = carried.forget(step[1])

        fresh = Carried()
        for cell, source in living.items():
            fresh.ran(cell, "In [1]", source)
        now = {cell: expand(carried.using(source, cell)) for cell, source in living.items()}
        assert now == {cell: expand(fresh.using(source, cell)) for cell, source in living.items()}
        probe = f"print({', '.join(f'{name}()' for name in NAMES)})"
        assert expand(carried.using(probe)) == expand(fresh.using(probe))
        ran = step[1] if step[0] == "run" else None
        changed = {cell for cell in now if cell != ran and cell in before and before[cell] != now[cell]}
        assert set(outdated) == changed


def test_a_diamond_is_sent_once_and_a_circle_ends() -> None:
    carried = Carried()
    for number, (name, used) in enumerate([("a", ""), ("b", "a"), ("c", "a"), ("d", "bc")]):
        carried.ran(name, f"In [{number}]", written(name, number, tuple(used)))
    graph = carried.using("print(d())")
    assert [item["source"][4] for item in graph] == ["a", "b", "c", "d"]
    assert [item["names"] for item in graph] == [[], [], [], ["d"]]
    kept = copy.deepcopy(graph)
    carried.ran("a", "In [9]", written("a", 9, ("d",)))
    assert carried.using("print(d())") != kept
    assert [item["source"][4] for item in carried.using(written("a", 9, ("d",)), "a")] == ["b", "c", "d"]


def test_a_chain_of_forty_cells_grows_by_one_source_each() -> None:
    carried = Carried()
    names = [f"f{number}" for number in range(40)]
    for number, name in enumerate(names):
        carried.ran(name, "In [1]", written(name, number, tuple(names[:number])))
    assert len(carried.using("print(f39())")) == 40


def test_two_cells_that_define_one_name_are_warned_of_once() -> None:
    carried = Carried()
    carried.ran("one", "In [1]", written("a", 1, ()))
    warnings = carried.ran("two", "In [2]", written("a", 2, ())).warnings
    assert warnings == ["`a` is defined by In [1] too; In [2] ran last and counts"]
    assert carried.ran("one", "In [3]", written("a", 3, ())).warnings == []
    assert carried.using("a()")[0]["source"] == written("a", 3, ())


def test_what_two_cells_import_is_no_news() -> None:
    carried = Carried()
    for cell in ("one", "two"):
        source = "from std.math import sqrt\ndef main():\n    print(sqrt(4.0))\n"
        assert carried.ran(cell, "In [1]", source).warnings == []


# --- in a kernel --------------------------------------------------------------------------------

AREA = "%%mojo\ndef area(w: Float64, h: Float64) -> Float64:\n    return w * h{}\n"
CIRCLE = """%%mojo
from std.math import sqrt
comptime SIDE = 3.0

@fieldwise_init
struct Plot(Copyable):
    var w: Float64

    def size(self) -> Float64:
        return area(self.w, SIDE)
"""
PRICE = "%%mojo\ndef price(w: Float64) raises -> Float64:\n    return Plot(w).size() + sqrt(4.0)\n"


@pytest.fixture
def shell(service: Path, tmp_path: Path) -> Iterator[Kernel]:
    with kernel(tmp_path) as started:
        assert started.run("%load_ext mojocell").status == "ok"
        yield started


def said(outcome: Outcome) -> str:
    assert outcome.status == "ok", outcome.error
    return outcome.stream()


def compilations() -> int:
    """How many there were, those that nobody waits for among them."""
    wait_until(lambda: client.request({"op": "info"})["open_requests"] == 0, 60, "what is compiled ahead")
    return int(mc.cache.stats()["compilations"])


def test_cells_know_what_cells_before_them_define(shell: Kernel) -> None:
    for name, cell in (("a", AREA.format("")), ("p", CIRCLE), ("c", PRICE)):
        assert shell.run(cell, cell_id=name).status == "ok"
    assert said(shell.run("print(price(2))")) == "8.0\n"
    assert (
        said(shell.run("%%mojo\nprint(Plot(1.0).size(), price(1.0), SIDE)", cell_id="d")) == "3.0 5.0 3.0\n"
    )
    assert said(shell.run("%mojo print(Plot(5.0).size())")) == "15.0\n"
    shown = shell.run("%mojo_who")
    who = shown.displays()[0].splitlines()
    (told,) = (content["data"] for _, kind, content in shown.messages if kind == "display_data")
    assert "In [4] uses Plot, sqrt of In [3]" in told["text/html"]
    assert who[0].split() == ["name", "from", "used", "by"]
    assert [line.split()[0] for line in who[1:]] == ["area", "sqrt", "SIDE", "Plot", "price"]
    assert who[1].split() == ["area", "In", "[2]", "In", "[3]"]

    # As one file, for the compiler alone.
    one = said(shell.run("%mojo_source price"))
    assert one.startswith("# In [4] as one file, with what it uses of In [2], In [3].")
    assert said(shell.run("%mojo_source -o one.mojo\nprint(open('one.mojo').read(), end='')")).startswith(
        "# In [6]"
    )
    assert "%mojo_source: no Mojo cell defines nothing" in shell.run("%mojo_source nothing").stream("stderr")

    # Exactly what uses it is compiled anew, wherever it is held.
    shell.run("held = price; area_before = area; released = price.with_options(nogil=True)")
    shell.run("import mojocell as mc")
    before = compilations()
    assert shell.run(AREA.format(" * 10"), cell_id="a").status == "ok"
    assert said(shell.run("print(price(2), held(2), price(2), area(1, 1), area_before(1, 1))")).split() == [
        "62.0",
        "62.0",
        "62.0",
        "10.0",
        "1.0",
    ]
    assert said(shell.run("print(released(2), price.nogil, released.nogil)")) == "62.0 False True\n"
    assert (
        said(shell.run("%%mojo\nprint(Plot(1.0).size(), price(1.0), SIDE)", cell_id="d")) == "30.0 32.0 3.0\n"
    )
    assert compilations() == before + 4  # its own, and of the three cells that use it

    # A comment that moves no line costs nothing, neither there nor in what uses it.
    assert shell.run(AREA.format(" * 10  # in feet"), cell_id="a").status == "ok"
    assert said(shell.run("print(price(2), held(2))")) == "62.0 62.0\n"
    assert compilations() == before + 4

    # By `using=`, too, what a function has become is what is used, with the cells behind it.
    more = "def dear(w: Float64) raises -> Float64: return 2 * price(w)"
    assert said(shell.run(f"print(mc.compile({more!r}, using=[held]).dear(2))")) == "124.0\n"

    # What the user has put in a name's place stays.
    shell.run("price = 'mine'")
    assert shell.run(AREA.format(" * 100"), cell_id="a").status == "ok"
    assert said(shell.run("print(held(2), price)")) == "602.0 mine\n"

    # A cell that does not compile defines nothing.
    assert "error" in shell.run("%%mojo\ndef area(", cell_id="a").error
    failed = shell.run("held(2)").error
    assert "use of unknown declaration 'area'" in failed
    assert "unknown declaration 'area'" in shell.run("%%mojo\nprint(area(1, 2))", cell_id="d").error
    assert shell.run(AREA.format(""), cell_id="a").status == "ok"
    assert said(shell.run("print(held(2))")) == "8.0\n"

    # Nor does one that is deleted, or asked to be forgotten.
    assert said(shell.run("%%mojo\nprint(area(1, 2))", cell_id="d")) == "2.0\n"
    assert "unknown" in shell.run("%%mojo --alone\nprint(area(1, 2))", cell_id="d").error
    assert "unknown" in shell.run("%%mojo\nprint(area(1, 2))", cell_id="d", deleted=("a",)).error
    assert shell.run(AREA.format(""), cell_id="a2").status == "ok"
    assert "no Mojo cell defines nothing" in shell.run("%mojo_reset nothing").stream("stderr")
    assert said(shell.run("%mojo_reset area")) == ""
    assert "unknown" in shell.run("%%mojo\nprint(area(1, 2))", cell_id="d").error
    assert said(shell.run("%mojo_reset\n%mojo_who")) == "no Mojo cell has defined anything yet\n"


def test_errors_of_another_cell_are_in_that_cell(shell: Kernel) -> None:
    assert shell.run("%%mojo\nvar total = 3\nprint(total)", cell_id="v").status == "ok"
    unknown = shell.run("%%mojo\nprint(total)", cell_id="u").error
    assert "`total` was a variable of In [2]" in unknown and "-o total" in unknown and "-i total" in unknown
    cell = "%%mojo\ndef third(n: Int) -> Int:\n    var values = [1, 2, 3]\n    return values[n]\n"
    assert shell.run(cell, cell_id="t").status == "ok"
    crashed = shell.run("%%mojo\nprint(1)\nprint(third(7))  # of three", cell_id="c")
    assert crashed.reply["ename"] == "MojoCrash"
    own, other = crashed.error.split("In [4]:4:18: note: it happened here")
    assert own.splitlines()[0].startswith("MojoCrash: cell:3:7: index 7 is out of bounds")
    assert own.splitlines()[1].endswith("3 | print(third(7))  # of three")
    assert other.splitlines()[1].endswith("4 |     return values[n]")
    wrong = shell.run("%%mojo\nprint(third('x'))", cell_id="c").error
    assert "cell:2:13: error: invalid call to 'third'" in wrong
    assert "In [4]:2:5: note: function declared here" in wrong
    # Where two places may have called it, none is told.
    assert shell.run("%%mojo\nprint(third(1), third(7))", cell_id="c").error.startswith(
        "MojoCrash: In [4]:4:18"
    )
    # By way of a cell between, from Python: the call is in the function's own cell.
    between = "%%mojo\ndef fourth(n: Int) -> Int:\n    return third(n + 1)\n"
    assert shell.run(between, cell_id="b").status == "ok"
    assert "cell:3:12: index 8 is out of bounds" in shell.run("fourth(7)").error
    # A definition hides the prelude's name in the cells after it, as in one program.
    assert shell.run("%%mojo\ndef max(a: Int, b: Int) -> Int:\n    return -1\n", cell_id="m").status == "ok"
    assert said(shell.run("%%mojo\nprint(max(2, 3))", cell_id="n")) == "-1\n"


def test_a_name_that_a_cell_loses_is_another_living_cells_again_in_python_too(shell: Kernel) -> None:
    one, two = (f"%%mojo\ndef both() -> Int:\n    return {number}\n" for number in (1, 2))
    for name, cell in (("one", one), ("two", two)):
        assert shell.run(cell, cell_id=name).status == "ok"
    assert said(shell.run("held = both; print(both())")) == "2\n"
    assert "error" in shell.run("%%mojo\ndef both(", cell_id="two").error
    assert said(shell.run("print(both())")) == "1\n"
    assert "both is stale" in shell.run("held()").error
    assert shell.run(two, cell_id="two").status == "ok"
    assert said(shell.run("print(both())")) == "2\n"
    assert shell.run(two.replace("both", "other"), cell_id="two").status == "ok"
    assert said(shell.run("print(both(), other())")) == "1 2\n"
    # Deleted; and what the user has put there stays.
    assert shell.run(two, cell_id="two").status == "ok"
    assert said(shell.run("print(both())", deleted=("two",))) == "1\n"
    assert shell.run(two, cell_id="two").status == "ok"
    assert said(shell.run("both = 'mine'; print(both)", deleted=())) == "mine\n"
    assert "error" in shell.run("%%mojo\ndef both(", cell_id="two").error
    assert said(shell.run("print(both)")) == "mine\n"
