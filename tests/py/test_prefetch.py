"""The command `prefetch`, and what notebooks and scripts ask for, with a scriptable compiler."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import mojocell
from kernels import kernel
from mojocell import cli
from mojocell.cells.book import CellOf, Notebook
from mojocell.cells.calls import Calls
from mojocell.core import client
from mojocell.core.result import RunResult

ROOT = Path(__file__).resolve().parents[2]
FAKE_TOOLCHAIN = os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A daemon of this module's, with a compiler that does what cells say."""
    base = tmp_path_factory.mktemp("prefetch")
    toolchain = base / "modular"
    shutil.copytree(FAKE_TOOLCHAIN, toolchain, symlinks=True)
    (toolchain / "bin" / "mojo").write_text(
        f'#!/bin/sh\nexec {sys.executable} "{toolchain}/bin/mojo.py" "$@"\n'
    )
    own = {"RUNTIME_DIR": base / "run", "CACHE_DIR": base / "cache", "TOOLCHAIN": toolchain}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(f"MOJOCELL_{name}", str(value))
        yield base
        with suppress(mojocell.DaemonUnavailable):
            client.request({"op": "shutdown", "now": True})
        client.close()


@pytest.fixture(autouse=True)
def settled(place: Path, monkeypatch: pytest.MonkeyPatch, plain_settings: None, tmp_path: Path) -> None:
    """The settings that the other fixture has taken away, and a folder of the test's own."""
    monkeypatch.setenv("MOJOCELL_RUNTIME_DIR", str(place / "run"))
    monkeypatch.setenv("MOJOCELL_TOOLCHAIN", str(place / "modular"))
    monkeypatch.chdir(tmp_path)
    mojocell.cache.clear()


def write(path: str, *cells: str, ids: bool = True) -> str:
    """A notebook of these cells."""
    made = [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": text.splitlines(True),
        }
        for text in cells
    ]
    for number, cell in enumerate(made if ids else []):
        cell["id"] = f"id-{number}"
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def compilations() -> int:
    return int(mojocell.cache.stats()["compilations"])


# ---- exactly what a run asks for

LESSON = (
    "%load_ext mojocell",
    "%%mojo\ndef area(w: Int) -> Int:\n    return w * w\n",
    "\n\n%%mojo -O1 -D N=3 --name second\nprint(area(2))",
    "%%time\n%%mojo -Ilib --as shapes\nfrom shapes import side\ndef big() -> Int:\n    return area(side())",
    "n = 1",
    "%%capture said\n%%mojo --exports twice\ndef twice(x: Int) -> Int: return 2 * x\ndef thrice(x: Int) -> Int: return 3 * x",
    "%%mojo --alone -- one 'two words'\n# run: arguments\ndef main():\n    pass\n\n\n",
    '%%mojo --timeout 5 --quiet\ndef before() -> Int:\n    """\n    # compile: fixit before after\n    """\n    return 1',
    "%%mojo\nprint(after(), twice(2))",
)


@pytest.mark.parametrize("ids", [True, False])
def test_a_notebook_that_was_prefetched_compiles_nothing(place: Path, tmp_path: Path, ids: bool) -> None:
    (tmp_path / "work" / "lib").mkdir(parents=True)
    (tmp_path / "work" / "lib" / "shapes.mojo").write_text("def side() -> Int: return 2\n")
    before = compilations()
    assert cli.main(["prefetch", write("work/lesson.ipynb", *LESSON, ids=ids)]) == 0
    made = compilations()
    assert made - before == 9  # seven cells, one of them repaired, and then another one that uses it anew
    with kernel(tmp_path / "work") as running:
        for number, text in enumerate(LESSON):
            outcome = running.run(text, cell_id=f"id-{number}" if ids else None)
            assert outcome.status == "ok", outcome.error
    assert compilations() == made


def test_a_second_time_everything_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    path = write("a.ipynb", "%%mojo\ndef one() -> Int: return 1", "%%mojo\nprint(one())")
    assert cli.main(["prefetch", path]) == 0
    assert capsys.readouterr().out == "a.ipynb: 2 cells compiled\n"
    assert cli.main(["prefetch", path]) == 0
    assert capsys.readouterr().out == "a.ipynb: 0 cells compiled, 2 in the cache already\n"


# ---- what the command says


def test_what_does_not_compile_is_told_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    write(
        "a.ipynb",
        "%%mojo\ndef one() -> Int: return 1",
        '%%mojo\ndef two():\n    """\n    # compile: error no such name\n    """',
    )
    assert cli.main(["prefetch", "a.ipynb", "-j", "1"]) == 1
    said = capsys.readouterr()
    assert said.out == "a.ipynb: 1 cell compiled, 1 not compiled\n"
    assert "a.ipynb, cell 2:4:1: error: no such name" in said.err
    assert cli.main(["prefetch", "a.ipynb", "--quiet"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and "no such name" in said.err


def test_cells_that_use_what_does_not_compile_are_compiled_without_it() -> None:
    before = compilations()
    write(
        "a.ipynb",
        "%%mojo\ndef one() -> Int: return 1",
        '%%mojo\ndef one() -> Int:\n    """\n    # compile: error bad\n    """\n    return 2',
        "%%mojo\nprint(one())",
    )
    assert cli.main(["prefetch", "a.ipynb"]) == 1
    assert compilations() - before == 4  # the last one first with the second's, then with the first's


def test_what_cannot_be_known_is_left_out_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    write(
        "a.ipynb",
        "%%mojo -i n\nprint(n)",
        "%%mojo --quite\nprint(1)",
        "%%mojo -D N={n}\nprint(2)",
        "%%mojo --mode run\nprint(3)",
        "%%mojo -f\nprint(4)",
        "%%mojo?",
        "%%mojo --help",
        "%%mojolicious\nprint(5)",
        "%%mojo\n# nothing",
    )
    assert cli.main(["prefetch", "a.ipynb"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a.ipynb: 1 cell compiled",
        "  a.ipynb, cell 1 is left out: -i n: there is no variable n",
        "  a.ipynb, cell 2 is left out: there is no option --quite; did you mean --quiet?",
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.ipynb", "{", "no notebook of format 4"),
        ("a.ipynb", '{"worksheets": []}', "no notebook of format 4"),
        ("a.ipynb", '{"cells": [3]}', "no notebook of format 4"),
        ("a.py", "def", "is no Python"),
        ("a.txt", "", "neither a notebook (.ipynb) nor a script (.py)"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    name: str, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_text(text)
    assert cli.main(["prefetch", name]) == 1
    assert words in capsys.readouterr().err
    assert cli.main(["prefetch", "nowhere.ipynb"]) == 1
    assert "there is no such file" in capsys.readouterr().err


def test_a_folder_means_its_notebooks_and_scripts_that_have_mojo(capsys: pytest.CaptureFixture[str]) -> None:
    write("deep/b.ipynb", "%%mojo\nprint(1)")
    write("deep/.ipynb_checkpoints/b.ipynb", "%%mojo\nprint(2)")
    Path("deep/a.py").write_text("import mojocell\nmojocell.run('print(3)')\n")
    Path("deep/c.py").write_text("print(4)\n")
    assert cli.main(["prefetch", "deep"]) == 0
    assert capsys.readouterr().out == "deep/a.py: 1 cell compiled\ndeep/b.ipynb: 1 cell compiled\n"


# ---- scripts and notebooks of marimo

SCRIPT = '''
import marimo
import mojocell as mc
from mojocell import run as go

app = marimo.App()


@app.cell
def _():
    shapes = mc.cell(r"""
def area(w: Int) -> Int:
    return w * w
""", flags=["-O1"], name="shapes")
    area = shapes.area
    return


@app.cell
def _(area):
    more = mc.compile("def big() -> Int: return area(9)", using=[area], exports=["big"])
    most = mc.compile("def vast() -> Int: return big() + area(1)", using=(more, shapes.area), modernize=False)
    return


@app.cell
def _(mo):
    go("print(1)", timeout=3)
    mc.cell("print(n)", inputs={"n": mo})
    mc.cell(text)
    mc.cell("print(2)", using=everything)
    mc.cell("print(3)", mode="run")
    other.cell("print(4)")
'''


def test_a_script_asks_for_what_its_calls_do(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.py").write_text(SCRIPT)
    before = compilations()
    assert cli.main(["prefetch", "a.py"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a.py: 4 cells compiled" and len(lines) == 5
    assert [line.partition(" is left out: ")[2] for line in lines[1:]] == [
        "it takes values of Python's, whose types are known when it runs",
        "it takes values of Python's, whose types are known when it runs",
        "what it uses is known when it runs",
        "it compiles anew each time",
    ]
    made = compilations()
    assert made - before == 4
    # The fake compiler's functions cannot be called: what is asked for is told by the requests alone.
    asked: list[dict] = []
    with pytest.MonkeyPatch.context() as patch:
        request = client.request
        patch.setattr(
            client,
            "request",
            lambda header, *rest, **more: asked.append(header) or request(header, *rest, **more),
        )
        shapes = mojocell.cell("\ndef area(w: Int) -> Int:\n    return w * w\n", flags=["-O1"], name="shapes")
        more = mojocell.compile("def big() -> Int: return area(9)", using=[shapes.area], exports=["big"])
        mojocell.compile(
            "def vast() -> Int: return big() + area(1)", using=(more, shapes.area), modernize=False
        )
        mojocell.run("print(1)", timeout=3)
    assert len(asked) >= 4 and compilations() == made


def test_nothing_of_a_script_runs() -> None:
    Path("a.py").write_text("import mojocell as mc\nopen('ran', 'w')\nmc.run('print(1)')\n")
    assert cli.main(["prefetch", "a.py"]) == 0
    assert not Path("ran").exists()


# ---- the plan


def result_of(job_source: str, **wire: object) -> RunResult:
    return RunResult({"ok": True, "kind": "definitions", **wire}, [], source=job_source, name="cell")


def test_a_cell_is_planned_anew_when_what_it_uses_was_repaired() -> None:
    book = Notebook(
        [CellOf("1", "a", "%%mojo\nfn one() -> Int: return 1"), CellOf("2", "b", "%%mojo\nprint(one())")]
    )
    first, second = book.plan()
    assert book.plan() == []
    repaired = "\ndef one() -> Int: return 1\n"
    book.note(first, result_of(first.job.source, source=repaired, modernized=[{"line": 2, "message": "fn"}]))
    (again,) = book.plan()
    assert again.number == second.number and [item["source"] for item in again.job.using] == [repaired]
    book.note(second, result_of(second.job.source))  # of what it used before: nobody will ask for it
    assert book.plan() == []


def test_what_runs_before_counts_and_is_left_as_it_is() -> None:
    from mojocell.cells.carried import Carried

    living = Carried()
    living.ran("z", "In [1]", "def zero() -> Int: return 0\n")

    def copied() -> Carried:
        import copy

        return copy.deepcopy(living)

    book = Notebook([CellOf("2", "b", "%%mojo\ndef two() -> Int: return zero()")], living=copied)
    (planned,) = book.plan()
    assert [item["names"] for item in planned.job.using] == [["zero"]]
    assert living.owners("two") == []


def test_calls_that_wait_for_each_other_for_ever_are_none() -> None:
    book = Calls("import mojocell as mc\na = mc.compile('1', using=[b])\nb = mc.compile('2', using=[a])\n")
    assert book.plan() == []
