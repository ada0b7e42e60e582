"""The kernel of Mojo in JupyterLab: colours, underlines, values, Stop, in a notebook without a magic."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

FIGURE = """from std.python import Python

var plt = Python.import_module("matplotlib.pyplot")
plt.plot(Python.list(1, 4, 9))"""
CELLS = [
    "struct Point:\n    var x: Float64\n\ndef twice(n: Int) -> Int:\n    return 2 * n",
    "%%python\nn = 21",
    "twice(n)",
    "var text = 'ü' + nothing\nprint(text)",
    FIGURE,
    "var i = 0\nprint('begun')\nwhile i >= 0:\n    i = (i + 1) % 1000\nprint(i)",
]


@pytest.fixture
def notebook(lab, page):
    """A notebook of the kernel of Mojo."""
    from mojocell.kernel import install

    kernels = lab.directory / ".kernels"
    install.install("mojocell", "Mojo (Mojocell)", prefix=str(kernels))
    made = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(CELLS)
    ]
    spec = {"display_name": "Mojo (Mojocell)", "language": "mojo", "name": "mojocell"}
    written = {"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (lab.directory / "mojo.ipynb").write_text(json.dumps(written))
    lab.open(page, "mojo.ipynb")
    return page


def cell(page, number: int):
    return page.locator(".jp-Notebook .jp-CodeCell").nth(number)


def start(page, number: int) -> None:
    cell(page, number).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def run(page, number: int):
    """Run a cell, wait until it has ended, and return what stands below it."""
    start(page, number)
    expect(cell(page, number).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"))
    return cell(page, number).locator(".jp-OutputArea-output")


def color(page, number: int, word: str) -> str:
    found = cell(page, number).locator(".cm-line span", has_text=re.compile(rf"^{word}$")).first
    return str(found.evaluate("span => getComputedStyle(span).color"))


def test_a_cell_without_a_magic_is_checked_laid_out_and_compiled_while_it_is_typed(lab, notebook) -> None:
    page = notebook
    before = lab.stats()
    cell(page, 2).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("var x=[1]\nprint(len(x), nowhere)")
    mark = cell(page, 2).locator(".mojocell-error")
    expect(mark).to_have_text("nowhere")
    expect(cell(page, 2).locator(".jp-InputPrompt")).to_have_text("[ ]:")
    page.keyboard.press("Shift+Alt+f")
    expect(cell(page, 2).locator(".cm-line").first).to_have_text("var x = [1]")
    expect(cell(page, 2).get_by_role("button", name="Format")).to_be_visible()
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "kernel-typed.png")
    page.keyboard.press("Control+a")
    page.keyboard.type("print(6 * 7)")
    expect(mark).to_have_count(0)
    lab.await_stats(lambda now: now["entries"] > before["entries"])
    compiled = lab.stats()
    assert compiled["speculated"] > before["speculated"]
    expect(run(page, 2).filter(has_text="42")).to_have_count(1)
    now = lab.stats()
    assert (now["compilations"], now["hits"]) == (compiled["compilations"], before["hits"] + 1)


def test_a_notebook_of_mojo_is_coloured_runs_and_shows_what_comes_of_it(notebook) -> None:
    page = notebook
    expect(page.locator(".jp-Toolbar-kernelName, .jp-KernelName").first).to_contain_text("Mojo (Mojocell)")
    expect(cell(page, 0).locator(".cm-line span", has_text="struct")).to_have_count(1)
    assert color(page, 0, "struct") == color(page, 0, "def") == color(page, 0, "var")
    assert color(page, 0, "Float64") != color(page, 0, "def")
    expect(run(page, 0).first).to_contain_text("compiled")
    run(page, 1)
    shown = run(page, 2)
    expect(shown.filter(has_text="42")).to_have_count(1)
    expect(shown.first).to_contain_text("n: Int from Python")
    expect(run(page, 3).last).to_contain_text("cell:1:18: error: use of unknown declaration 'nothing'")
    expect(cell(page, 3).locator(".mojocell-error")).to_have_text("nothing")
    run(page, 4)
    picture = cell(page, 4).locator(".jp-OutputArea-output img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.add_style_tag(content=".jp-toastContainer, .Toastify { display: none }")
        page.keyboard.press("Control+b")
        page.keyboard.press("Escape")
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "jupyterlab-kernel.png")
    # Stop, and the kernel goes on.
    start(page, 5)
    expect(cell(page, 5).locator(".jp-OutputArea-output pre", has_text="begun")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.keyboard.press("i")
    expect(cell(page, 5).locator(".jp-OutputArea-output", has_text="KeyboardInterrupt").first).to_be_visible()
    expect(run(page, 2).filter(has_text="42")).to_have_count(1)
