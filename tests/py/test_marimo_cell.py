"""`mc.cell` in marimo without a browser: as a script, as exported HTML, and as a page that asks for no Mojo."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
import sysconfig
import threading
import types
from typing import TYPE_CHECKING

import pytest

import mojocell as mc
from daemon import wait_until
from mojocell import hosts
from mojocell.hosts import marimo as host
from mojocell.marimo_opened import opened
from mojocell.show import html

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("service")

NOTEBOOK = '''
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import mojocell as mc
    return mc, mo


@app.cell
def _(mc):
    program = mc.cell(r"""
    def main():
        print("said by <main>")
    """)
    return (program,)


@app.cell
def _(mc):
    module = mc.cell(r"""
    def twice(n: Int) -> Int:
        var unused = 1
        return 2 * n
    """)
    module
    return (module,)


@app.cell
def _(mo, module):
    mo.md(f"twice is {module.twice(617)}")
    return


if __name__ == "__main__":
    app.run()
'''
FAILING = NOTEBOOK.replace("return 2 * n", "return 2 * m")


def marimo(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "marimo", "-q", "-y", *words]
    # marimo looks for uv on the path; what uv runs for it is in a cache that ./dev test made.
    own = {"PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}", "UV_OFFLINE": "1"}
    env = {**os.environ, **own}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    file = tmp_path / "notebook.py"
    file.write_text(NOTEBOOK)
    return file


def test_a_script_prints_what_its_cells_print(notebook: Path) -> None:
    done = subprocess.run([sys.executable, str(notebook)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "said by <main>\n")
    notebook.write_text(FAILING)
    done = subprocess.run([sys.executable, str(notebook)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "mojocell.errors.MojoCompileError: cell:4:16: error: use of unknown declaration 'm'" in done.stderr
    assert "  4 |     return 2 * m\n    |                ^" in done.stderr


def test_exported_html_holds_source_output_diagnostics_and_times(notebook: Path) -> None:
    done = marimo("export", "html", notebook.name, "-o", "page.html", cwd=notebook.parent)
    assert done.returncode == 0, done.stderr
    text = (notebook.parent / "page.html").read_text()
    assert "said by " in text
    assert "codehilite" in text
    assert "assignment to " in text  # the warning
    assert "twice is 1234" in text
    assert "compiled in " in text or "cache hit" in text
    notebook.write_text(FAILING)
    done = marimo("export", "html", notebook.name, "-o", "page.html", cwd=notebook.parent)
    assert done.returncode != 0
    assert "use of unknown declaration" in (notebook.parent / "page.html").read_text()


CAPTURING = '''
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import mojocell as mc

    source = r"""
    from std.sys import stderr

    def say(n: Int):
        for i in range(n):
            print("line", i)
        print("aside", file=stderr)
    """
    parts = []
    for mode in ("inline", "isolated"):
        module = mc.compile(source, mode=mode)
        with mo.capture_stdout() as out, mo.capture_stderr() as err:
            print("python")
            module.say(2)
            print("again")
        said = (*out.getvalue().splitlines(), *err.getvalue().splitlines())
        parts.append(mode + " said " + "+".join(said))
    mo.md(" and ".join(parts))
    return


if __name__ == "__main__":
    app.run()
'''


def test_what_a_function_prints_is_captured_in_both_modes(tmp_path: Path) -> None:
    (tmp_path / "capturing.py").write_text(CAPTURING)
    done = marimo("export", "html", "capturing.py", "-o", "page.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "page.html").read_text()
    for mode in ("inline", "isolated"):
        assert f"{mode} said python+line 0+line 1+again+aside" in text
    assert text.count("line 0+") == text.count("line 0")  # none is a cell's own output


def test_a_page_for_browsers_without_mojo_holds_the_results(notebook: Path) -> None:
    words = ["export", "html-wasm", notebook.name, "-o", "page", "--mode", "run", "--execute", "--no-sandbox"]
    done = marimo(*words, cwd=notebook.parent)
    assert done.returncode == 0, done.stderr
    text = (notebook.parent / "page" / "index.html").read_text()
    assert "twice is 1234\\u003C" in text
    assert "codehilite" in text


# --- without marimo -----------------------------------------------------------------------------


def test_nothing_of_it_is_seen_elsewhere(capfd: pytest.CaptureFixture[str]) -> None:
    module = mc.cell("print(41 + 1)")
    assert module.result is not None and module.result.stdout == "42\n"
    assert capfd.readouterr().out == ""
    error = ValueError("x")
    assert hosts.current().present(error) is error and type(error) is ValueError


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this were a cell of an app that marimo serves."""
    import marimo

    monkeypatch.setattr(host, "_is_app", False)
    monkeypatch.setattr(marimo, "running_in_notebook", lambda: True)
    monkeypatch.setattr(marimo, "app_meta", lambda: types.SimpleNamespace(mode="run"))


@pytest.mark.usefixtures("app")
def test_an_error_of_an_app_is_its_own_and_ends_a_cell_as_stop_does() -> None:
    import marimo

    error = mc.MojoCrash("index 9 is out of bounds", code="crashed", hint="look")
    error.line, error.source = 1, "return values[n]"
    shown = hosts.current().present(error)
    assert type(error) is mc.MojoCrash  # as it was
    assert isinstance(shown, mc.MojoCrash) and isinstance(shown, marimo.MarimoStopError)
    assert (type(shown).__name__, str(shown), shown.hint, shown.line) == ("MojoCrash", str(error), "look", 1)
    assert "index 9 is out of bounds" in shown.output.text and "return values[n]" in shown.output.text
    assert hosts.current().present(shown) is shown
    assert type(hosts.current().present(error)) is type(shown)
    again = pickle.loads(pickle.dumps(shown))
    assert type(again) is mc.MojoCrash and (again.message, again.line) == (error.message, 1)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("k"), FileNotFoundError(2, "no", "file"), ZeroDivisionError()]
)
def test_an_error_of_python_is_shown_in_its_place_too(error: Exception) -> None:
    shown = hosts.current().present(error)
    assert isinstance(shown, type(error)) and str(shown) == str(error)
    assert type(error).__name__ in shown.output.text  # type: ignore[attr-defined]


@pytest.mark.usefixtures("app")
def test_functions_of_an_app_run_isolated_in_its_other_threads_too(monkeypatch: pytest.MonkeyPatch) -> None:
    import marimo

    assert hosts.current().default_mode() == "isolated"
    monkeypatch.setattr(marimo, "running_in_notebook", lambda: False)
    monkeypatch.setattr(marimo, "app_meta", lambda: types.SimpleNamespace(mode=None))
    assert hosts.current().default_mode() == "isolated"
    assert hosts.current().follow(lambda sink: sink) is None


def test_html_is_escaped_and_bounded() -> None:
    text = host.output_html([("stdout", "<b>"), ("stderr", "&")])
    assert "&lt;b&gt;" in text and "&amp;" in text and "border-left" in text
    live = host.Live()
    live._show = lambda: None  # type: ignore[method-assign]
    for _ in range(50):
        live._write("stdout", "x" * 10_000)
    assert [(stream, len(text)) for stream, text in live._texts] == [("stdout", host.SHOWN)]
    assert "&lt;" in html.code('var x = "<"')


def test_the_last_output_is_shown_although_nothing_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(host, "_replace", shown.append)
    live = host.Live()
    live.output("stdout", b"one")
    live.output("stdout", b"two")
    monkeypatch.setattr(host, "PACE", 0.0)
    monkeypatch.setattr(host, "SLOWEST", 0.0)
    live.quiet()
    live.quiet()
    assert [text.count("onetwo") for text in shown] == [0, 1]


def test_only_a_notebook_that_is_edited_is_compiled_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "later.py"
    file.write_text(
        "import mojocell as mc\ndef later(): return mc.cell('def ahead_61() -> Int: return 61')\n"
    )
    before = mc.cache.stats()

    def open_and_wait(*, compiled: int) -> None:
        async def use() -> None:
            async with opened(None):
                wait_until(lambda: threads() == before_threads, 60, "the end of the thread")

        threads = threading.active_count
        before_threads = threads()
        asyncio.run(use())
        now = mc.cache.stats()
        assert now["prefetched"] - before["prefetched"] == compiled

    open_and_wait(compiled=0)  # no marimo
    monkeypatch.setattr(hosts, "edited_file", lambda: str(file))
    monkeypatch.setenv("MOJOCELL_PREFETCH", "0")
    open_and_wait(compiled=0)
    monkeypatch.delenv("MOJOCELL_PREFETCH")
    open_and_wait(compiled=1)
    file.write_text("no Python")
    open_and_wait(compiled=1)
