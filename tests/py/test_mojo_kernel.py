"""The kernel in which cells are Mojo: what a cell is, Python beside it, what front ends ask; over a scripted bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mojocell
from kernels import Kernel, kernel
from mojocell import mojo_first
from mojocell.cells.taken import statements, taken
from mojocell.kernel.app import as_ipython
from mojocell.kernel.complete import state

if TYPE_CHECKING:
    from collections.abc import Iterator

SETUP = """%%python
import sys, mojocell
from scripted import FakeBridge
bridge = sys.modules["mojocell._bridge"] = mojocell._bridge = FakeBridge()
bridge.answers["cache.stats"] = [{"stats": {"entries": 1, "misses": 1}}]
bridge.answers["hover"] = bridge.answers["signature"] = [{}]
bridge.runs(b"hello\\n")
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel whose programs all print hello."""
    with kernel(tmp_path_factory.mktemp("kernel"), module="mojocell.kernel") as started:
        assert started.run(SETUP).status == "ok"
        yield started


def asked(shell: Kernel) -> dict[str, Any]:
    """The last request, as the bridge had it."""
    outcome = shell.run("%python import json; print(json.dumps(bridge.requests[-1], default=repr))")
    import json

    return dict(json.loads(outcome.stream()))


# --- what a cell is ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "ipython", "mojo"),
    [
        ("print(1)", "", "print(1)"),
        ("\n\n  print(1)", "", "\n\n  print(1)"),
        ("# why\nprint(1)", "", "# why\nprint(1)"),
        ("%%mojo -O2\nprint(1)", "%%mojo -O2\nprint(1)", None),
        ("\n%%mojo\nprint(1)", "%%mojo\nprint(1)", None),
        ("%%time\nprint(1)", "%%time\nprint(1)", None),
        ("%%python\nx = 1\nx", "#%python\nx = 1\nx", None),
        ("%%python", "#%python", None),
        ("%%pythonish\nx", "%%pythonish\nx", None),
        ("%%python\n%%time\nx = 1", "%%time\n%%python\nx = 1", None),
        ("%python x = 1", "x = 1", None),
        ("%python  x = 1\n# and\n!ls\nprint(x)\n", "x = 1\n# and\n!ls\n", "print(x)\n"),
        ("%load_ext a \\\n  b\n\n# Mojo's\nprint(1)", "%load_ext a \\\n  b\n", "\n# Mojo's\nprint(1)"),
        ("area?", "area?", None),
        ("?area", "?area", None),
        ("%%mojo?", "%%mojo?", None),
        ("", "", None),
        ("# only\n", "# only\n", None),
        ("x % 3\n% 4", "", "x % 3\n% 4"),
    ],
)
def test_a_cell_is_mojo_unless_it_begins_with_a_magic(source: str, ipython: str, mojo: str | None) -> None:
    cell = mojo_first.read(source)
    assert (cell.ipython, cell.mojo) == (ipython, mojo)
    assert source[cell.start :] == (mojo or "")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\n%time\n", 2),
        ("%time\nprint(1)\n!ls", 3),
        ("def f():\n    pass\n%load_ext x", 3),
    ],
)
def test_a_magic_below_mojo_is_refused_with_its_line(source: str, line: int) -> None:
    with pytest.raises(SyntaxError, match="stands above a cell's Mojo") as caught:
        as_ipython(source.splitlines(keepends=True))
    assert caught.value.lineno == line


@pytest.mark.parametrize("source", ['var s = """\n%time\n!ls"""\n', "print(7\n% 4)", "x = 7 \\\n% 4\n"])
def test_what_only_looks_like_a_magic_is_mojo(source: str) -> None:
    assert "".join(as_ipython(source.splitlines(keepends=True))) == f"%%mojo\n{source}"


def test_a_notebook_says_whether_its_cells_are_mojo() -> None:
    assert mojo_first.is_mojo({"language_info": {"name": "mojo"}})
    assert not mojo_first.is_mojo({"kernelspec": {"language": "python"}, "language_info": {"name": "python"}})
    assert not mojo_first.is_mojo({})


# --- whether it is complete -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "status", "indent"),
    [
        ("", "complete", 0),
        ("# a comment", "complete", 0),
        ("print(6 * 7)", "complete", 0),
        ("from std.math import pi", "complete", 0),
        ("x = 1\ny = 2", "complete", 0),
        ("print(", "incomplete", 4),
        ("print(\n    1,", "incomplete", 4),
        ("var xs: List[Int] = [1,  # one (", "incomplete", 4),
        ("print(')', 1", "incomplete", 4),
        ("x = 1 + \\", "incomplete", 4),
        ("def area(w: Int) -> Int:", "incomplete", 4),
        ("def area(w: Int) -> Int:  # of it", "incomplete", 4),
        ("def area(\n    w: Int,\n) -> Int:", "incomplete", 4),
        ("struct P:\n    def f(self):", "incomplete", 8),
        ("def f():\n    print(1)", "incomplete", 4),
        ("def f():\n    return", "incomplete", 0),
        ("struct P:\n    def f(self):\n        return", "incomplete", 4),
        ("def f():\n    print(1)\n", "complete", 0),
        ("def f():\n    print(1)\n\n", "complete", 0),
        ("def f():\n    print(1)\nprint(2)", "complete", 0),
        ("@fieldwise_init", "incomplete", 0),
        ("@fieldwise_init\n", "incomplete", 0),
        ('print("""one', "incomplete", 0),
        ('print("""one\n"""', "incomplete", 4),
        ('"""one\ntwo"""', "complete", 0),
        ("print('one)", "invalid", 0),
        ("print(1))", "invalid", 0),
        ("x = 'it\\'s'  # it's", "complete", 0),
    ],
)
def test_a_console_knows_whether_a_cell_is_complete(source: str, status: str, indent: int) -> None:
    assert state(source) == (status, indent)


# --- Python's variables by name ---------------------------------------------------------------------

VARIABLES = {
    "n": 3,
    "xs": [1.5, 2.0],
    "name": "ann",
    "x": 1,
    "max": 4,
    "index": 5,
    "Rate": 1.0,
    "_n": 6,
    "odd": {},
    "known": 7,
    "hidden": 8,
}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("print(n)", ["n"]),
        ("print(name, n, name)", ["name", "n"]),
        ('print("n", t"{n}")', ["n"]),
        ("print(t'xs')", []),
        ("var n = 4\nprint(n)", []),
        ("n = 4\nprint(n)", []),
        ("n: Int = 4\nprint(n)", []),
        ("n += 4", ["n"]),
        ("n == 4", ["n"]),
        ("for x in xs:\n    print(x)", ["xs"]),
        ("for i, x in enumerate(xs):\n    print(x)", ["xs"]),
        ("print([x for x in xs])", ["xs"]),
        ("var a, x = n, 2\nprint(x)", ["n"]),
        ("f(n=4)", []),
        ("p.n", []),
        ("print(max(2, 3), index, Rate, _n, odd)", []),
        ("print(known, hidden)", []),
        ("def f(k: Int) -> Int:\n    return k * n\n", []),
        ("def f() -> Int:\n    return n\nprint(f())", []),
        ("def n() -> Int:\n    return 1\nprint(n())", []),
        ("from a import n\nprint(n)", []),
        ("comptime n = 3\nprint(n)", []),
        ("comptime if n > 2:\n    print(n)", ["n"]),
        ("def main():\n    print(n)\n", []),
        ("with open(name) as x:\n    print(x)", ["name"]),
        ("if True:\n    def inner(x: Int) -> Int:\n        return x\n    print(inner(n))", ["n"]),
    ],
)
def test_a_cell_takes_what_nothing_else_can_be_meant_by(source: str, names: list[str]) -> None:
    assert taken(source, VARIABLES, hidden=["hidden"], known=["known"]) == names


def test_statements_are_what_is_no_definition() -> None:
    source = "@fieldwise_init\nstruct P:\n    var x: Int\n\nimport a\nif x:\n    f()\nelse:\n    g()\n"
    assert statements(source) == "if x:\n    f()\nelse:\n    g()"


# --- in the kernel ----------------------------------------------------------------------------------


def test_the_kernel_says_that_its_language_is_mojo(shell: Kernel) -> None:
    told = shell.ask("kernel_info")
    language = told["language_info"]
    assert (language["name"], language["mimetype"], language["file_extension"]) == (
        "mojo",
        "text/x-mojo",
        ".mojo",
    )
    assert (told["implementation"], told["implementation_version"]) == ("mojocell", mojocell.__version__)
    assert "debugger" not in told["supported_features"]
    from pygments.lexers import get_lexer_by_name

    assert get_lexer_by_name(language["pygments_lexer"]).name == "Mojo"


def test_a_cell_is_compiled_as_it_stands_and_its_first_line_is_line_1(shell: Kernel) -> None:
    outcome = shell.run("print('hello')", cell_id="one")
    assert (outcome.status, outcome.stream()) == ("ok", "hello\n")
    assert asked(shell)["source"] == "print('hello')\n"
    shell.run("%python n = 1\nprint('hello')", cell_id="two")
    assert asked(shell)["source"] == "\nprint('hello')\n"
    shell.run("%%mojo -O1\nprint('hello')", cell_id="three")
    assert (asked(shell)["source"], asked(shell)["flags"]) == ("\nprint('hello')\n", ["-O1"])


def test_python_cells_show_their_last_value_and_keep_their_lines(shell: Kernel) -> None:
    outcome = shell.run("%%python\nx = 20\nx + 1")
    assert [c["data"]["text/plain"] for _, kind, c in outcome.messages if kind == "execute_result"] == ["21"]
    outcome = shell.run("%python x + 2")
    assert [c["data"]["text/plain"] for _, kind, c in outcome.messages if kind == "execute_result"] == ["22"]
    outcome = shell.run("%%python\n\n1 / 0")
    assert outcome.status == "error" and "line 3" in outcome.error and "ZeroDivisionError" in outcome.error
    outcome = shell.run("%%python\nfrom asyncio import sleep\nawait sleep(0)\nprint('slept')")
    assert outcome.stream() == "slept\n"


def test_the_magics_of_ipython_work_and_those_around_a_cell_are_around_mojo(shell: Kernel) -> None:
    assert "Wall time" in shell.run("%%time\nprint('hello')").stream()
    assert asked(shell)["source"] == "\nprint('hello')\n"
    assert shell.run("%%capture kept\nprint('hello')").stream() == ""
    assert shell.run("%python print(kept.stdout, end='')").stream() == "hello\n"
    assert "hi" in shell.run("!echo hi").stream()
    assert "Wall time" in shell.run("%%time\n%%python\nx = 1").stream()
    assert "no Mojo cell" in shell.run("%mojo_who").stream()
    assert shell.run("x = 1\n%time").status == "error"


def test_variables_of_python_are_taken_by_name_with_their_types(shell: Kernel) -> None:
    shell.run("%%python\nrate = 1.5\ncount = 3")
    shell.run("%%mojo --no-run\nprint(rate)")
    assert "inputs" not in asked(shell)
    shell.run("print(rate * Float64(count))")
    assert asked(shell)["inputs"] == [{"name": "rate", "type": "Float64"}, {"name": "count", "type": "Int"}]
    shell.run("%%mojo -i count\nprint(rate * Float64(count))")
    assert asked(shell)["inputs"] == [{"name": "count", "type": "Int"}, {"name": "rate", "type": "Float64"}]
    shell.run("%%mojo --alone\nprint(rate)")
    assert "inputs" not in asked(shell)
    shell.run("%%mojo -- argument\nprint(rate)")
    assert "inputs" not in asked(shell)


def test_front_ends_ask_whether_a_cell_is_complete(shell: Kernel) -> None:
    def told(code: str) -> tuple[str, str]:
        reply = shell.ask("is_complete", code=code)
        return reply["status"], reply.get("indent", "")

    assert told("def area(w: Int) -> Int:") == ("incomplete", "    ")
    assert told("print(1)") == ("complete", "")
    assert told("%%mojo -O1") == ("incomplete", "")
    assert told("%%mojo -O1\nstruct P:") == ("incomplete", "    ")
    assert told("%%python\nfor x in y:") == ("incomplete", "    ")
    assert told("%python x = 1") == ("complete", "")
    assert told("%python x = 1\nprint(x") == ("incomplete", "    ")


def test_names_are_completed_where_they_stand(shell: Kernel) -> None:
    shell.run("%python remarkable = 3")

    def told(code: str) -> tuple[str, int, int]:
        reply = shell.ask("complete", code=code, cursor_pos=len(code))
        (types,) = reply["metadata"].values()
        assert {(item["start"], item["end"]) for item in types} == {
            (reply["cursor_start"], reply["cursor_end"])
        }
        return next(name for name in reply["matches"] if "remarkable" in name), *(
            reply[f"cursor_{end}"] for end in ("start", "end")
        )

    assert told("print(remark") == ("remarkable", 6, 12)
    assert told("%%python\nprint(remark") == ("remarkable", 15, 21)
    assert told("%python remark") == ("remarkable", 8, 14)
    assert told("%python x = 1\nprint(remark") == ("remarkable", 20, 26)


def test_names_are_described_and_pythons_own_are_not_mojos(shell: Kernel) -> None:
    shell.run("%%python\ndef helper():\n    'helps a lot'")

    def told(code: str) -> str:
        reply = shell.ask("inspect", code=code, cursor_pos=len(code), detail_level=0)
        return str(reply["data"]["text/plain"]) if reply["found"] else ""

    assert "helps a lot" in told("helper")
    assert "helps a lot" in told("%python helper")
    assert told("print") == ""
    assert "Prints the values" in told("%%python\nprint")


def test_history_has_cells_as_they_were_typed(shell: Kernel) -> None:
    shell.run("print('a very rare word')")
    reply = shell.ask(
        "history", hist_access_type="tail", n=1, output=False, raw=True, session=0, start=0, stop=1
    )
    assert reply["history"][-1][2] == "print('a very rare word')"


def test_settings_and_reloading_leave_the_kernel_as_it_is(shell: Kernel) -> None:
    assert shell.run("%reload_ext mojocell").status == "ok"
    assert shell.run("print('hello')").stream() == "hello\n"
    assert shell.run("%config Mojocell.timeout = 5").status == "ok"
    shell.run("print('hello')")
    assert asked(shell)["limits"] == {"wall": 5.0}
    shell.run("%config Mojocell.timeout = None")
