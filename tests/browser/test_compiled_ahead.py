"""What JupyterLab's extension tells a kernel: what is typed, what is run together, that it is to stop."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect


def cell(page, number: int):
    return page.locator(".jp-Notebook .jp-CodeCell").nth(number)


def run(page, number: int) -> None:
    cell(page, number).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


@pytest.fixture
def opened(lab, page):
    """A notebook with these cells, in a name of its own."""

    def open_notebook(name: str, *cells: str):
        made = [
            {
                "cell_type": "code",
                "id": f"c{i}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": text,
            }
            for i, text in enumerate(cells)
        ]
        spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = {"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
        (lab.directory / name).write_text(json.dumps(notebook))
        lab.open(page, name)
        return page

    return open_notebook


def test_what_was_typed_is_compiled_when_it_is_run(lab, opened) -> None:
    page = opened("typed.ipynb", "%load_ext mojocell", "")
    run(page, 0)
    expect(cell(page, 0).locator(".jp-InputPrompt")).to_have_text("[1]:")
    before = lab.stats()
    cell(page, 1).locator(".cm-content").click()
    page.keyboard.type("%%mojo\nprint(123 * 2)", delay=15)
    lab.await_stats(
        lambda now: now["entries"] == before["entries"] + 1 and now["speculated"] > before["speculated"]
    )
    compiled = lab.stats()
    page.keyboard.press("Control+Enter")
    expect(cell(page, 1).locator(".jp-OutputArea-output pre").first).to_have_text("246\n")
    now = lab.stats()
    assert now["compilations"] == compiled["compilations"] and now["hits"] == before["hits"] + 1
    foreground = [made["compilations"] - made["speculated"] - made["prefetched"] for made in (before, now)]
    assert foreground[0] == foreground[1]


def test_cells_that_are_run_together_are_compiled_together(lab, opened) -> None:
    cells = [f"%%mojo\ndef part{number}() -> Int: return {number}" for number in range(3)]
    page = opened("all.ipynb", "%load_ext mojocell", *cells, "part0(), part1(), part2()")
    before = lab.stats()
    page.locator(".jp-Notebook .jp-CodeCell").nth(0).locator(".cm-content").click()
    page.locator(
        '[data-jp-item-name="restart-and-run"] button, [data-command="notebook:restart-run-all"]'
    ).first.click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(cell(page, 4).locator(".jp-OutputArea-output pre").first).to_have_text("(0, 1, 2)")
    now = lab.stats()
    assert now["compilations"] == before["compilations"] + 3
    # The second and the third were compiled, or being so, when they came to run.
    assert now["hits"] + now["joined"] >= before["hits"] + before["joined"] + 2


def test_the_button_stops_what_is_compiled_ahead(lab, opened) -> None:
    cells = [f"%%mojo\ndef many{number}() -> Int: return {number}" for number in range(12)]
    page = opened("stop.ipynb", "%load_ext mojocell", *cells)
    cell(page, 1).locator(".cm-content").click()
    page.keyboard.press("Control+s")  # whoever saves a notebook trusts it
    page.wait_for_timeout(1000)
    before = lab.stats()
    page.locator('[data-jp-item-name="restart"] button, [data-command="kernelmenu:restart"]').first.click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    run(page, 0)
    line = cell(page, 0).locator(".jp-OutputArea-output .mojocell")
    expect(line).to_contain_text(re.compile("compiling 12 Mojo cells ahead"))
    line.get_by_role("button", name="Stop").click()
    expect(line).to_contain_text("compiled ahead")
    assert lab.stats()["prefetched"] < before["prefetched"] + 12
