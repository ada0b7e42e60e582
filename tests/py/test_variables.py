"""``%%mojo -i a,b -o x``: Python's variables in a cell of statements, and back."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from IPython.core.error import UsageError

import mojocell as mc
from mojocell.call.inputs import mojo_type
from mojocell.core import client
from mojocell.errors import MojoCompileError, MojoCrash, MojoError, MojoRuntimeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "Bool"),
        (3, "Int"),
        (2.5, "Float64"),
        ("x", "String"),
        ([1, 2], "List[Int]"),
        ((1.5, 2), "List[Float64]"),
        ([True], "List[Bool]"),
        (b"abc", "Span[UInt8]"),
        (np.arange(3), "Span[Int64]"),
        (np.zeros(3, "float32"), "Span[Float32]"),
        (np.zeros(3, "float16"), "Span[Float16]"),
        (["a", "b"], "List[String]"),
        (np.array(["a", "b"]), "List[String]"),
        (np.int16(3), "Int16"),
        (np.float64(3), "Float64"),
    ],
)
def test_types(value: object, kind: str) -> None:
    assert mojo_type("x", value) == kind


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "no Mojo type for NoneType"),
        ([], "an empty list has no type"),
        ([1, "a"], "holds numbers or strings; this one holds both"),
        (["a", b"b"], "this one holds bytes"),
        (set(), "no Mojo type for set"),
        (np.array([1j]), "elements of type complex128"),
        (1j, "no Mojo type for complex"),
    ],
)
def test_what_has_no_type(value: object, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        mojo_type("x", value)


@pytest.fixture
def ip(service: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An IPython with the extension loaded."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("NO_COLOR", "1")
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    monkeypatch.setattr(InteractiveShell, "_instance", shell)
    shell.run_line_magic("load_ext", "mojocell")
    yield shell
    InteractiveShell._instance = None


def test_values_go_there_and_come_back(ip: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ip.user_ns.update(n=3, name="Mojo", x=np.arange(4.0), xs=[1, 2, 3])
    cell = """
def total(x: Span[Float64, _]) -> Float64:
    var s = 0.0
    for v in x:
        s += v
    return s

print("hello", name, n)
var y = total(x) * Float64(n)
var many: List[Int] = []
for value in xs:
    many.append(value * n)
var text = name + "!"
var yes = n > 2
"""
    ip.run_cell_magic("mojo", "-i n,name,x,xs -o y,many,text,yes --out printed", cell)
    assert ip.user_ns["y"] == 18.0
    assert list(ip.user_ns["many"]) == [3, 6, 9]
    assert (ip.user_ns["text"], ip.user_ns["yes"]) == ("Mojo!", True)
    assert ip.user_ns["printed"] == "hello Mojo 3\n"
    assert capsys.readouterr().out == "hello Mojo 3\n"
    before = client.request({"op": "cache.stats"})["stats"]["compilations"]
    ip.user_ns.update(n=5, name="again", x=np.ones(10), xs=[7])
    ip.run_cell_magic("mojo", "-i n,name,x,xs -o y,many,text,yes", cell)
    assert ip.user_ns["y"] == 50.0
    assert client.request({"op": "cache.stats"})["stats"]["compilations"] == before


def test_failures_keep_the_variables(ip: Any) -> None:
    ip.user_ns.update(n=3, y=1)
    cell = "if n > 4:\n    raise Error('too big: ', n)\nvar l: List[Int] = [1, 2]\nvar y = l[n]\n"
    with pytest.raises(MojoCrash) as caught:
        ip.run_cell_magic("mojo", "-i n -o y", cell)
    assert caught.value.line == 5
    ip.user_ns["n"] = 5
    with pytest.raises(MojoRuntimeError, match="too big: 5"):
        ip.run_cell_magic("mojo", "-i n -o y", cell)
    assert ip.user_ns["y"] == 1
    ip.user_ns["n"] = 1
    ip.run_cell_magic("mojo", "-i n -o y", cell)
    assert ip.user_ns["y"] == 2


def test_what_cannot_be_exchanged(ip: Any) -> None:
    ip.user_ns.update(n=3, what=set())
    with pytest.raises(UsageError, match="-i missing: there is no variable missing"):
        ip.run_cell_magic("mojo", "-i missing", "print(1)")
    with pytest.raises(TypeError, match="no Mojo type for set"):
        ip.run_cell_magic("mojo", "-i what", "print(1)")
    with pytest.raises(MojoCompileError, match="nowhere"):
        ip.run_cell_magic("mojo", "-o nowhere", "var y = 1")
    with pytest.raises(MojoError, match="only a cell of statements"):
        ip.run_cell_magic("mojo", "-i n", "def f(n: Int) -> Int: return n")


def test_a_line_uses_functions_of_the_namespace(ip: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ip.run_cell_magic("mojo", "", "def twice(n: Int) -> Int:\n    return 2 * n\n")
    assert ip.user_ns["twice"](4) == 8
    capsys.readouterr()
    ip.run_line_magic("mojo", "twice(21)")
    assert capsys.readouterr().out == "42\n"


# --- without magics -----------------------------------------------------------------------------


@pytest.mark.usefixtures("service")
def test_a_cell_of_a_script_takes_and_gives_values() -> None:
    source = "var y = Float64(n) * x\nprint(n)\nvar many = List[Int](length=n, fill=7)"
    first = mc.cell(source, inputs={"n": 3, "x": 1.5}, outputs=["y", "many"])
    assert first.result is not None and first.result.stdout == "3\n"
    assert first.y == first.outputs["y"] == 4.5 and list(first.many) == [7, 7, 7]
    assert {"y", "many"} <= set(dir(first))
    again = mc.cell(source, inputs={"n": 2, "x": 1.5}, outputs=["y", "many"])
    assert (again.y, again.compiled.cache) == (3.0, "hit")
    assert first == first and first != again  # noqa: PLR0124  (one and the same module)
    with pytest.raises(AttributeError, match="defines no function 'z'"):
        _ = first.z
    found = pickle.loads(pickle.dumps(first))
    assert found.y == 4.5 and list(found.many) == [7, 7, 7] and found.result.stdout == "3\n"
    with pytest.raises(ValueError, match="args are for programs"):
        mc.cell("print(n)", inputs={"n": 1}, args=["a"])
    with pytest.raises(TypeError, match="inputs must be a mapping of names to values"):
        mc.cell("print(n)", inputs=["n"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="input n: there is no Mojo type for set"):
        mc.cell("print(n)", inputs={"n": set()})


@pytest.mark.usefixtures("service")
def test_a_name_to_give_back_that_the_cell_has_not_is_told_before_anything_compiles() -> None:
    before = mc.cache.stats()["misses"]
    with pytest.raises(mc.MojoError, match="the cell has no variable 'y' to give back") as caught:
        mc.cell("var x = 1\nvar (a, b) = (2, 3)\n", outputs=["y"])
    assert caught.value.hint == "the variables of its statements are a, b, x"
    assert mc.cache.stats()["misses"] == before


@pytest.mark.usefixtures("service")
def test_a_cell_of_comments_compiles_nothing() -> None:
    before = mc.cache.stats()["misses"]
    result = mc.run("# one\n\n  # two\n")
    assert (result.ok, result.empty, result.returncode) == (True, True, 0)
    assert mc.cell("# one\n").functions == {}
    assert mc.cache.stats()["misses"] == before
    assert not mc.run("pass").empty
