"""The kernel of Mojo with the real compiler: values, errors, Stop, and what others run it with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jupyter_kernel_test
import nbformat
import pexpect
import pytest

from kernels import Kernel, Outcome, Typing, environment, kernel, until_found
from mojocell.kernel import install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAME = """from std.python import Python, PythonObject

def frame(n: Int) raises -> PythonObject:
    return Python.import_module("pandas").DataFrame(Python.list(n, n + 1))
"""


@pytest.fixture(scope="module", autouse=True)
def jupyter(service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place where Jupyter finds the kernel, and each kernel this package and a daemon."""
    place = tmp_path_factory.mktemp("jupyter")
    install.install("mojocell", "Mojo (Mojocell)", prefix=str(place))
    own = {
        **environment(place),
        "JUPYTER_PATH": str(place / "share" / "jupyter"),
        "JUPYTER_DATA_DIR": str(place / "data"),
        "MOJOCELL_STATUS": "never",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        for name in ("PYTHONPATH", "IPYTHONDIR", "JUPYTER_PATH", "JUPYTER_DATA_DIR", "MOJOCELL_STATUS"):
            patch.setenv(name, own[name])
        yield place


@pytest.fixture(scope="module")
def shell(jupyter: Path) -> Iterator[Kernel]:
    """A kernel of Mojo."""
    with kernel(jupyter, module="mojocell.kernel") as started:
        yield started


class TestTheProtocol(jupyter_kernel_test.KernelTests):
    """What the project Jupyter asks of every kernel."""

    kernel_name = "mojocell"
    language_name = "mojo"
    file_extension = ".mojo"
    code_hello_world = "print('hello, world')"
    code_stderr = "from std.sys import stderr\nprint('oops', file=stderr)"
    code_page_something = "%mojo_info?"
    code_generate_error = "print(nothing)"
    code_execute_result = [  # noqa: RUF012
        {"code": "%python 6 * 7", "result": "42"},
        {"code": "%%python\n'rare ' * 2", "result": "'rare rare '"},
    ]
    code_display_data = [  # noqa: RUF012
        {
            "code": "%python from IPython.display import HTML, display; display(HTML('<b>1</b>'))",
            "mime": "text/html",
        },
        {"code": f"{FRAME}\nframe(1)", "mime": "text/html"},
    ]
    code_clear_output = "%python from IPython.display import clear_output; clear_output()"
    code_history_pattern = "*rare*"
    supported_history_operations = ("tail", "search")  # in a range IPython calls its own session 0
    code_inspect_sample = "%python str"
    completion_samples = [{"text": "%python zip", "matches": {"zip"}}]  # noqa: RUF012
    complete_code_samples = ["print(1)", "def f():\n    pass\n\n", "%python x = 1"]  # noqa: RUF012
    incomplete_code_samples = ["def f():", "print(", "@parameter", 'print("""']  # noqa: RUF012
    invalid_code_samples = ["print(1))", "print('one)"]  # noqa: RUF012

    def execute_helper(self, code: str, timeout: int = 120, **more: Any) -> Any:
        """Give a compiler its time."""
        return super().execute_helper(code, timeout, **more)


def data(outcome: Outcome) -> list[dict[str, str]]:
    return [content["data"] for _, kind, content in outcome.messages if kind == "display_data"]


def test_definitions_carry_over_to_mojo_and_to_python(shell: Kernel) -> None:
    assert shell.run("def area(w: Int, h: Int) -> Int:\n    return w * h", cell_id="a").status == "ok"
    assert shell.run("area(6, 7)", cell_id="b").stream() == "42\n"
    outcome = shell.run("%python area(2, 3)", cell_id="c")
    assert [c["data"]["text/plain"] for _, kind, c in outcome.messages if kind == "execute_result"] == ["6"]


def test_variables_cross_by_name_and_new_values_compile_nothing(shell: Kernel) -> None:
    cell = "%%mojo -o total\nvar total = 0.0\nfor x in xs:\n    total += x * rate\n"
    shell.run("%%python\nimport numpy, mojocell\nxs = numpy.arange(4.0)\nrate = 1.5")
    assert shell.run(cell, cell_id="sum").status == "ok"
    shell.run("%python before = mojocell.cache.stats()['misses']; xs = xs + 1; rate = 2.0")
    assert shell.run(cell, cell_id="sum").status == "ok"
    outcome = shell.run("%python (total, mojocell.cache.stats()['misses'] - before)")
    shown = [c["data"]["text/plain"] for _, kind, c in outcome.messages if kind == "execute_result"]
    assert shown == ["(20.0, 0)"]


def test_python_is_told_whose_variable_it_asks_for(shell: Kernel) -> None:
    assert shell.run("var kept = 6 * 7\nprint(kept)", cell_id="keeps").status == "ok"
    outcome = shell.run("%python kept", cell_id="asks")
    assert outcome.status == "error" and "NameError" in outcome.error
    said = outcome.stream("stderr")
    assert said.startswith("hint: `kept` was a variable of Mojo's In [")
    assert said.endswith("]: give it to Python with %%mojo -o kept there\n")


def test_what_was_taken_is_told_where_a_cell_does_not_compile_for_it(shell: Kernel) -> None:
    shell.run("%python rate = 1.5")
    outcome = shell.run("rate += 1.0\nprint(rate)")
    assert "cell:1:1: error: expression must be mutable" in outcome.error
    assert "taken from Python, and read only: rate: Float64; %%mojo --alone takes nothing" in outcome.error


def test_whoever_writes_python_into_a_cell_of_mojo_is_told_where_python_goes(shell: Kernel) -> None:
    outcome = shell.run("import numpy as np\nprint(np)")
    assert "error: unable to locate module 'numpy'" in outcome.error
    assert "a cell of Python begins with %%python" in outcome.error


def test_python_values_are_shown_as_python_shows_them(shell: Kernel) -> None:
    figure = (
        'from std.python import Python\nPython.import_module("matplotlib.pyplot").plot(Python.list(1, 2))'
    )
    (found,) = data(shell.run(figure, reader=False))
    assert found["image/png"].startswith("iVBOR")
    plain = 'from std.python import Python\nPython.import_module("datetime").date(2020, 1, 2)'
    outcome = shell.run(plain, reader=False)
    assert (data(outcome), outcome.stream()) == ([], "2020-01-02\n")
    assert shell.run('from std.python import Python\nPython.evaluate("None")', reader=False).stream() == ""


def test_a_value_is_shown_where_another_cell_imports_python_and_with_variables(shell: Kernel) -> None:
    assert shell.run(FRAME, cell_id="frame").status == "ok"
    shell.run("%python n = 30")
    outcome = shell.run("frame(n)", cell_id="shown", reader=False)
    (found,) = data(outcome)
    assert "<td>30</td>" in found["text/html"] and "31" in found["text/plain"]
    assert outcome.stream() == ""


def test_errors_stand_at_the_lines_that_the_editor_shows(shell: Kernel) -> None:
    outcome = shell.run("print(1)\nprint(undefined_name)")
    assert "cell:2:7: error: use of unknown declaration 'undefined_name'" in outcome.error
    outcome = shell.run("%python x = 1\n\nvar values: List[Int] = [1]\nprint(values[len(values) + 3])")
    assert ":4:13: index 4 is out of bounds" in outcome.error.replace("\n", " ")


def test_stop_ends_a_loop_and_the_kernel_goes_on(shell: Kernel) -> None:
    request = shell.start("var n = 0\nprint('begun')\nwhile n >= 0:\n    n = (n + 1) % 1000\nprint(n)")
    outcome = shell.finish(request, until="begun")
    shell.interrupt()
    outcome = shell.finish(request, outcome=outcome)
    assert outcome.status == "error" and "KeyboardInterrupt" in outcome.error
    assert shell.run("%python 1").status == "ok"


def test_a_cell_is_checked_completed_and_laid_out_while_it_is_typed(shell: Kernel) -> None:
    shell.run("%python price_of = 2.5")
    assert shell.run("def area(w: Int) -> Int:\n    return w * w", cell_id="area").status == "ok"
    typing = Typing(shell)
    cell = "%python n = 1\n\nprint(area(2), price_of, nothing)"
    (told,) = typing.answer(typing.ask("check", cell))["diagnostics"]
    assert (told["message"], told["line"]) == ("use of unknown declaration 'nothing'", 3)
    assert cell.split("\n")[2][told["column"] - 1 : told["end_column"] - 1] == "nothing"
    (quick,) = typing.answer(typing.ask("check", "print((1)", quick=True))["diagnostics"]
    assert (quick["message"], quick["line"]) == ("'(' is never closed", 1)
    assert typing.answer(typing.ask("check", "%%python\nprint(nothing"))["diagnostics"] == []
    assert typing.answer(typing.ask("check", "x = 5\nprint(x)"))["fix"] == "var x = 5\nprint(x)"
    assert typing.answer(typing.ask("format", "%python n = 1\nvar x=3"))["text"] == "%python n = 1\nvar x = 3"
    # Mojo's names, those of other cells, and what the cell would take of Python.
    assert "append" in until_found(typing.tab, "var xs: List[Int] = [1]\nxs.ap|", "matches")["matches"]
    assert "area" in until_found(typing.tab, "print(ar|", "matches")["matches"]
    assert "price_of" in until_found(typing.tab, "%python n = 1\nprint(price_|", "matches")["matches"]
    assert "price_of" not in typing.tab("def f() -> Int:\n    return price_|")["matches"]
    told = until_found(typing.shift_tab, "print(ar|ea(3))", "found")
    assert told["data"]["text/plain"].startswith("def area(w: Int) -> Int")
    assert "2.5" in typing.shift_tab("print(price_|of)")["data"]["text/plain"]


# --- others that run it -------------------------------------------------------------------------------


def notebook(path: Path, *sources: str, parameters: int | None = None) -> Path:
    cells = [nbformat.v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources)]
    if parameters is not None:
        cells[parameters]["metadata"]["tags"] = ["parameters"]
    spec = {"name": "mojocell", "display_name": "Mojo (Mojocell)", "language": "mojo"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    return path


def outputs(path: Path) -> list[str]:
    """Return what each cell of a notebook that ran has printed, or the text of its result."""
    book = nbformat.read(path, 4)
    return [
        "".join(each.get("text") or each.get("data", {}).get("text/plain", "") for each in cell.outputs)
        for cell in book.cells
        if cell.cell_type == "code"
    ]


def test_nbconvert_executes_a_notebook_and_exports_mojo(tmp_path: Path) -> None:
    book = notebook(tmp_path / "lesson.ipynb", "def twice(n: Int) -> Int:\n    return 2 * n", "twice(21)")
    words = [sys.executable, "-m", "nbconvert", "--execute", "--inplace", "--to", "notebook", str(book)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert outputs(book)[1] == "42\n"
    assert nbformat.read(book, 4).metadata.language_info.file_extension == ".mojo"
    for kind in ("script", "html"):
        words = [sys.executable, "-m", "nbconvert", "--to", kind, str(book)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    # What is exported is a file that the command runs.
    done = subprocess.run(
        [sys.executable, "-m", "mojocell", "run", "--quiet", str(book.with_suffix(".mojo"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "42\n", done.stderr
    page = book.with_suffix(".html").read_text()
    assert '<span class="k">def</span>' in page and "mojo" in page


def test_papermill_gives_parameters(tmp_path: Path) -> None:
    book = notebook(
        tmp_path / "report.ipynb",
        "%%python\nrate = 0.5  # type: float\nname = 'none'",
        "print(name, rate * 2)",
        parameters=0,
    )
    words = [sys.executable, "-m", "papermill", str(book), str(tmp_path / "out.ipynb"), "-p", "rate", "1.25"]
    done = subprocess.run([*words, "-p", "name", "a 'b'"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path / "out.ipynb")[-1] == "a 'b' 2.5\n"
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "--help-notebook", str(book)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "rate: float (default 0.5)" in done.stdout


def test_a_console_reads_a_block_to_its_end_and_runs_it(jupyter: Path) -> None:
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(jupyter / "config"), "TERM": "dumb"}
    words = ["-m", "jupyter_console", "--kernel", "mojocell", "--no-confirm-exit"]
    words.append("--ZMQTerminalInteractiveShell.kernel_is_complete_timeout=60")
    console = pexpect.spawn(
        sys.executable, words, env=env, encoding="utf-8", timeout=120, dimensions=(40, 120)
    )
    try:
        console.expect(r"In \[1\]")
        # Behind each Enter the kernel is asked; the second line stands behind the indentation that it tells.
        for line in ("def twice(n: Int) -> Int:", "return 2 * n", ""):
            console.send(f"{line}\r")
        console.expect("bound twice")
        console.expect(r"In \[2\]")
        console.send("twice(21)\r")
        console.expect(r"\D42\D")
        console.expect(r"In \[3\]")
        console.send("%python twice(4)\r")
        console.expect(r"\D8\D")
    finally:
        console.close(force=True)


# --- the entry in Jupyter's list ------------------------------------------------------------------------


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mojocell", "kernel", *words], capture_output=True, text=True, check=False
    )


def test_the_command_installs_lists_and_removes(jupyter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = command("install", "--name", "second", "--display-name", "Mojo, again")
    place = jupyter / "data" / "kernels" / "second"
    assert done.stdout == f"Mojo, again: {place}\n", done.stderr
    told = json.loads((place / "kernel.json").read_text())
    assert told["argv"][:3] == [sys.executable, "-m", "mojocell.kernel"]
    assert (told["language"], told["display_name"]) == ("mojo", "Mojo, again")
    assert (place / "logo-svg.svg").is_file()
    # Another environment's of that name is replaced, and that is said.
    told["argv"][0] = "/elsewhere/bin/python"
    (place / "kernel.json").write_text(json.dumps(told))
    assert "it was that of /elsewhere/bin/python" in command("install", "--name", "second").stdout
    listed = command("list").stdout
    assert f"second  Mojo (Mojocell)\n  {place}\n  starts {sys.executable}\n" in listed
    assert listed.startswith("mojocell  Mojo (Mojocell)\n")
    assert command("uninstall", "--name", "second").stdout == f"{place} is removed\n"
    assert not place.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["uninstall", "--name", "nobody"], "there is no kernel of Mojocell named nobody"),
        (["install", "--name", "a b"], "the kernel cannot be installed as a b: "),
        (["install", "--prefix", "/proc/nowhere"], "the kernel cannot be installed as mojocell: "),
    ],
)
def test_what_cannot_be_installed_or_removed_is_said(words: list[str], said: str) -> None:
    done = command(*words)
    assert done.returncode == 1 and f"mojocell: {said}" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_another_kernel_is_never_replaced_or_removed(jupyter: Path) -> None:
    place = jupyter / "data" / "kernels" / "other"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps({"argv": ["other", "{connection_file}"], "language": "x"}))
    done = command("install", "--name", "other")
    assert done.returncode == 1 and f"{place} is another kernel's" in done.stderr
    done = command("uninstall", "--name", "other")
    assert done.returncode == 1 and "there is no kernel of Mojocell named other" in done.stderr
    assert json.loads((place / "kernel.json").read_text())["argv"][0] == "other"
