"""marimo's caches and Mojo functions: a result is another's as soon as the function is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import os
    import marimo as mo
    import mojocell as mc
    return mc, mo, os


@app.cell
def _(mc, os):
    module = mc.compile(os.environ["SOURCE"])
    f = module.f
    return f, module


@app.cell
def _(f, mo):
    with mo.persistent_cache("block") as block:
        y = f(3)
    print(y, block.hit)
    return


@app.cell
def _(f, mo):
    @mo.persistent_cache
    def g(n):
        return f(n)
    print(g(3))
    return


@app.cell
def _(module, mo):
    @mo.persistent_cache
    def h(n):
        return module.f(n)
    print(h(3))
    return


if __name__ == "__main__":
    app.run()
"""


def test_a_cached_result_is_used_until_the_function_is_another(service: Path, tmp_path: Path) -> None:
    pytest.importorskip("marimo")
    (tmp_path / "book.py").write_text(NOTEBOOK)

    def run(body: str) -> list[str]:
        own = {"SOURCE": f"def f(n: Int) -> Int: return {body}", "XDG_CONFIG_HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "book.py"],
            cwd=tmp_path,
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")

    assert run("n") == ["3 False", "3", "3", ""]
    assert run("n") == ["3 True", "3", "3", ""]
    assert run("n + 1") == ["4 False", "4", "4", ""]


IMPORTED = '''
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import mojocell as mc
    return mc, mo


@app.cell
def _(mc):
    f = mc.cell(r"""
    from rates import rate
    def f(n: Int) -> Int: return n * rate()
    """, flags=["-I", "lib"]).f
    return (f,)


@app.cell
def _(mc):
    module = mc.import_module("lib/whole.mojo")
    return (module,)


@app.cell
def _(f, mo):
    with mo.persistent_cache("block") as block:
        y = f(3)
    print(y, block.hit)
    return


@app.cell
def _(mo, module):
    with mo.persistent_cache("file") as kept:
        z = module.g(3)
    print(z, kept.hit)
    return


@app.cell
def _(f, mo):
    @mo.cache
    def h(n):
        return f(n)
    print(h(3), h(3))
    return


if __name__ == "__main__":
    app.run()
'''


def test_a_cached_result_is_not_used_once_an_imported_file_is_another(service: Path, tmp_path: Path) -> None:
    pytest.importorskip("marimo")
    (tmp_path / "book.py").write_text(IMPORTED)
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "whole.mojo").write_text("from rates import rate\ndef g(n: Int) -> Int: return n * rate()\n")

    def run(rate: int) -> list[str]:
        (lib / "rates.mojo").write_text(f"def rate() -> Int: return {rate}\n")
        done = subprocess.run(
            [sys.executable, "book.py"],
            cwd=tmp_path,
            env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")

    assert run(2) == ["6 False", "6 False", "6 6", ""]
    assert run(2) == ["6 True", "6 True", "6 6", ""]
    assert run(5) == ["15 False", "15 False", "15 15", ""]
    assert run(2) == ["6 True", "6 True", "6 6", ""]


KEYS = """
import marimo
import mojocell as mc
from marimo._save.stubs import CUSTOM_STUBS

def key(n):
    module = mc.cell("var y = 2 * n", inputs={"n": n}, outputs=["y"])
    return CUSTOM_STUBS[type(module)](module).to_bytes()

print(key(1) == key(1), key(1) == key(2))
"""


@pytest.mark.usefixtures("service")
def test_a_module_with_other_variables_is_another() -> None:
    pytest.importorskip("marimo")
    done = subprocess.run(
        [sys.executable, "-c", KEYS], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stdout == "True False\n", done.stderr
