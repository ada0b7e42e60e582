"""`mojocell convert`: notebooks with %%mojo cells become notebooks of marimo."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mojocell import cli, jupyter_to_marimo
from mojocell.cells.without_magic import with_magics

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]


def document(*sources: str) -> dict[str, Any]:
    cells = [
        {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for source in sources
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def rewritten(*sources: str) -> tuple[list[str], list[jupyter_to_marimo.Note]]:
    made = document(*sources)
    notes = jupyter_to_marimo.rewrite(made)
    texts = [cell["source"] for cell in made["cells"]]
    for text in texts:
        ast.parse(text)
    assert texts[0] == "import mojocell as mc"
    return texts[1:], notes


def calls(text: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]


@pytest.mark.parametrize(
    ("line", "keywords"),
    [
        ("", {}),
        ("-O1 -I lib -D N=3", {"flags": ["-O1", "-I", "lib", "-D", "N=3"]}),
        (
            "--timeout 2 --cpu 3 --memory 100 --processes 4 --most-output 5 -n mine",
            {"timeout": 2.0, "memory": 100, "cpu": 3.0, "processes": 4, "most_output": 5, "name": "mine"},
        ),
        ("--mode isolated --nogil --exports f,g", {"mode": "isolated", "nogil": True, "exports": ["f", "g"]}),
        ("-- one 'two words'", {"args": ["one", "two words"]}),
        ("--quiet --force", {}),
    ],
)
def test_options_become_arguments(line: str, keywords: dict[str, Any]) -> None:
    (text,), notes = rewritten(f"\n%%mojo {line}\nprint(1)")
    (call,) = calls(text)
    assert ast.unparse(call.func) == "mc.cell"
    assert ast.literal_eval(call.args[0]).strip() == "print(1)"
    assert {item.arg: ast.literal_eval(item.value) for item in call.keywords} == keywords
    assert notes == []


def test_names_that_python_uses_are_bound_and_no_others() -> None:
    texts, _ = rewritten(
        "%%mojo\ndef f(n: Int) -> Int: return n\ndef g() -> Int: return 1\ndef main(): print(f(2))",
        "y = f(3)",
        "%%mojo\ndef g() -> Int: return 2",
        "z = g()",
    )
    assert "f = mojo_1.f\n" in texts[0] and "g = " not in texts[0]
    assert "g = mojo_3.g" in texts[2]


def test_what_cells_have_from_others_is_said_by_using() -> None:
    texts, notes = rewritten(
        "%%mojo\nfrom std.math import pi\n@fieldwise_init\nstruct Circle(Copyable):\n    var radius: Float64",
        "%%mojo --as m\ndef area(c: Circle) -> Float64: return pi * c.radius**2",
        "%%mojo\ndef double(x: Float64) -> Float64: return 2 * x",
        "%%mojo\ndef price() -> Float64: return double(area(Circle(1)))  # and other_name",
        "%%mojo --alone\nprint(double(2))",
        "%mojo print(price())",
        "y = price()",
        "%%mojo\ndef double(x: Float64) -> Float64: return 3 * x",
        "%%mojo -i y -o z\nvar z = double(y)",
    )
    made = [{item.arg: ast.unparse(item.value) for item in calls(text)[0].keywords} for text in texts]
    assert [each.get("using") for each in made] == [
        None,
        "[mojo_1]",
        None,
        "[mojo_3, m, mojo_1]",
        None,
        "[mojo_4]",
        None,
        None,
        "[mojo_8]",
    ]
    assert [text.split(" = ")[0] for text in texts[:4]] == ["mojo_1", "m", "mojo_3", "mojo_4"]
    assert notes == []


def test_results_outputs_and_standard_input_are_kept() -> None:
    (text,), notes = rewritten("%%mojo --result r --out o\nprint(1)")
    assert "r = mojo_1.result\no = mojo_1.result.stdout" in text
    (text,), more = rewritten("%%mojo --stdin words --out o\nprint(input())")
    assert "ran_1 = mc.run(" in text and "stdin=words" in text and "o = ran_1.stdout" in text
    (text,), _ = rewritten("%%mojo --no-run\nprint(1)")
    assert text.startswith("mc.compile(")
    assert notes == more == []


@pytest.mark.parametrize("body", ["'''", '"""', "'''\n\"\"\"", "a\\", "# '", 'print("x\\n")'])
def test_any_source_survives_being_quoted(body: str) -> None:
    (text,), _ = rewritten(f"%%mojo\n{body}")
    assert ast.literal_eval(calls(text)[0].args[0]).strip("\n") == body.strip("\n")


def test_line_magics_become_calls() -> None:
    (text,), notes = rewritten(
        "%load_ext mojocell\nif x:\n    %mojo print(6 * 7)\n%mojo_cache explain\n%mojo_run lib/a.mojo -- b\n%mojo_info\ny = 1"
    )
    assert [ast.unparse(call) for call in calls(text) if not ast.unparse(call).startswith("open(")][:4] == [
        "mc.cache.explain()",
        "mc.cell(open('lib/a.mojo').read(), flags=['-I', 'lib'], args=['b'])",
        "mc.info()",
        "mc.cell('print(6 * 7)')",
    ]
    assert "load_ext" not in text
    assert notes == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("%%mojo -i a --stdin b\nx = a", "-i and -o together with --stdin"),
        ("%%mojo --nope\nprint(1)", "there is no option --nope"),
        ("%mojo_fix", "%mojo_fix: nothing puts fix-its"),
        ("%config Mojocell.mode = 'run'", "[tool.mojocell]"),
        ("%mojo_run --nope", "its options cannot be read"),
        ("%%mojo --file a.mojo\nprint(1)", "--file a.mojo"),
    ],
)
def test_what_cannot_be_taken_over_is_told_and_stays_readable(source: str, said: str) -> None:
    made = document("x = 1", source)
    (note,) = jupyter_to_marimo.rewrite(made)
    assert note.cell == 2
    assert said in note.text
    text = made["cells"][-1]["source"]
    assert "# Not taken over: " in text
    assert all(line in text for line in source.split("\n")[1:])


@pytest.mark.parametrize(
    "source", ["%%mojoish\nx", "%%time\nx = 1", "%matplotlib inline", "!ls", "x = '%%mojo'"]
)
def test_what_is_not_mojocells_is_left_to_marimo(source: str) -> None:
    made = document(source)
    assert jupyter_to_marimo.rewrite(made) == []
    assert made["cells"][-1]["source"] == source


def command(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = cli.main(["convert", *words])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.usefixtures("service")
def test_the_tour_becomes_a_notebook_that_marimo_finds_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "tour.py"
    status, out, _ = command([str(ROOT / "notebooks" / "tour.ipynb"), "-o", str(target)], capsys)
    first, count, *told = out.splitlines()
    assert (status, first) == (0, f"{target}: open it with marimo edit {target}")
    # Some of its cells are there to fail.
    assert count == "4 things could not be taken over:"
    assert [line.split(": ")[0] for line in told] == [f"  cell {n}" for n in (13, 17, 25, 28)]
    assert all("the tag raises-exception" in line for line in told)
    checked = subprocess.run(
        [sys.executable, "-m", "marimo", "check", "--strict", str(target)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    done = subprocess.run([sys.executable, str(target)], capture_output=True, text=True, check=False)
    assert "Hello from Mojo!\n" in done.stdout
    assert "pi is about 3.14" in done.stdout
    # The tour's mistake is one there, too.
    assert "cell:6:9: error: use of unknown declaration 'totl'" in done.stderr


@pytest.mark.usefixtures("service")
def test_a_converted_notebook_computes_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.ipynb"
    cells = [
        "%load_ext mojocell",
        "%%mojo\ndef twice(n: Int) -> Int:\n    return 2 * n",
        "import mojocell as mc\nprint(twice(21))",
        "%%mojo --out said\ndef main():\n    print('said')",
        "a, b = 4, 2.5",
        "%%mojo -i a,b -o x,words\nvar x = Float64(a) + b\nvar words = String(a)",
        "print(said.strip(), x, words * 2)\n%mojo_fix",
        "%%mojo\n@fieldwise_init\nstruct Pair(Copyable):\n    var a: Int\n    var b: Int",
        "%%mojo\ndef product(a: Int, b: Int) -> Int:\n    var p = Pair(a, b)\n    return twice(p.a * p.b)",
        "print(product(3, 4))\n%mojo print(product(2, 2), Pair(1, 5).b)",
    ]
    source.write_text(json.dumps(document(*cells)))
    status, out, _ = command([str(source)], capsys)
    assert status == 0
    assert "1 thing could not be taken over:\n  cell 7: %mojo_fix" in out
    done = subprocess.run(
        [sys.executable, str(tmp_path / "a.py")], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("42\nsaid\nsaid 6.5 44\n24\n8 5\n", 0)


def test_files_that_cannot_be_converted_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.ipynb"
    status, _, err = command([str(source)], capsys)
    assert (status, err) == (1, f"mojocell: {source}: No such file or directory\n")
    source.write_text("{")
    status, _, err = command([str(source)], capsys)
    assert status == 1 and "is no notebook" in err
    source.write_text("{}")
    status, _, err = command([str(source)], capsys)
    assert status == 1 and "it is no notebook of format 4" in err
    source.write_text(json.dumps(document("x = 1")))
    (tmp_path / "a.py").write_text("mine")
    status, _, err = command([str(source)], capsys)
    assert status == 1 and "a.py exists" in err and "-f replaces it" in err
    assert (tmp_path / "a.py").read_text() == "mine"
    status, _, _ = command([str(source), "-f"], capsys)
    assert status == 0 and "marimo.App()" in (tmp_path / "a.py").read_text()


@pytest.mark.parametrize(
    ("above", "said"),
    [
        ("%%time\n", ["%%time: marimo shows how long a cell takes"]),
        ("\n%%timeit -n 3\n\n", ["%%timeit -n 3: mc.profile"]),
        ("%%capture out\n%%time\n", ["%%capture out: what it printed", "%%time: marimo shows"]),
        ("%%prun\n", ["%%prun: marimo has no such magic"]),
    ],
)
def test_magics_above_ours_are_told_and_the_cell_is_taken_over(above: str, said: list[str]) -> None:
    body = "def twice(n: Int) -> Int:\n    return 2 * n"
    (first, second), notes = rewritten(f"{above}%%mojo -O1\n{body}", "twice(3)")
    assert [note.cell for note in notes] == [1] * len(said)
    assert all(note.text.startswith(text) for note, text in zip(notes, said, strict=True))
    assert first.startswith(f"# Not taken over: {said[0]}")
    assert "flags=['-O1']" in first
    assert "twice = mojo_1.twice" in first
    assert second == "twice(3)"


@pytest.mark.parametrize("source", ["%%mojo\nraise Error('x')", "1 / 0"])
def test_a_cell_that_may_fail_is_told(source: str) -> None:
    made = document("x = 1", source)
    made["cells"][1]["metadata"] = {"tags": ["raises-exception"]}
    notes = jupyter_to_marimo.rewrite(made)
    assert [note.cell for note in notes] == [2]
    assert notes[0].text.startswith("the tag raises-exception")
    assert made["cells"][2]["source"].startswith("# Not taken over: the tag raises-exception")


def test_a_notebook_of_the_kernel_of_mojo_computes_what_it_did(service: Path, tmp_path: Path) -> None:
    made = document(
        "%%python\nrate = 1.5\nxs = [1.0, 2.0]",
        "def twice(x: Float64) -> Float64:\n    return 2 * x",
        "%python count = 2\n%time\nvar total = 0.0\nfor x in xs:\n    total += x * rate * Float64(count)\nprint(total)",
        "%%mojo --quiet -o most\nvar most = rate + 1",
        "%%python\nprint(twice(most))",
        "%mojo_fix",
    )
    made["metadata"] = {"kernelspec": {"name": "mojocell", "display_name": "Mojo", "language": "mojo"}}
    source, target = tmp_path / "lesson.ipynb", tmp_path / "lesson.py"
    source.write_text(json.dumps(made))
    notes = jupyter_to_marimo.convert(str(source), str(target))
    assert [note.cell for note in notes] == [6]
    text = target.read_text()
    assert "inputs={'xs': xs, 'rate': rate, 'count': count}" in text
    assert "inputs={'rate': rate}, outputs=['most']" in text
    done = subprocess.run([sys.executable, target], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {"9.0", "5.0"} <= set(done.stdout.split("\n"))


def test_a_cell_of_the_kernel_of_mojo_says_what_it_takes() -> None:
    def written(*sources: str) -> list[str]:
        made = document(*sources)
        made["metadata"] = {"language_info": {"name": "mojo"}}
        with_magics(made)
        return [cell["source"] for cell in made["cells"]]

    python = "%%python\nimport os\nn: int = 3\nfor i in range(n):\n    pass\n\ndef f():\n    k = 1"
    assert written(python, "print(n, i, k, f, os)")[1] == "%%mojo -i n,i\nprint(n, i, k, f, os)"
    assert written(python, "def n() -> Int:\n    return 1", "print(n())")[2] == "%%mojo\nprint(n())"
    for line in ("--alone", "--stdin n", "-- n"):
        assert written(python, f"%%mojo {line}\nprint(n)")[1] == f"%%mojo {line}\nprint(n)"
    other = document("print(n)")
    assert with_magics(other) == [1] and other == document("print(n)")
