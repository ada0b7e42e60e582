"""%%mojo cells while they are typed into JupyterLab: errors before running, Tab, Shift-Tab, layout."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

CELLS = [
    "%load_ext mojocell",
    '%%mojo\ndef area(w: Int, h: Int = 2) -> Int:\n    """How large it is."""\n    return w * h',
    "",
]
PATIENCE = 60_000  # on a busy machine a change takes the language server many seconds


@pytest.fixture(scope="module")
def book(lab):
    made = [
        {
            "cell_type": "code",
            "id": f"w{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": one,
        }
        for i, one in enumerate(CELLS)
    ]
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (lab.directory / "writing.ipynb").write_text(json.dumps(content))
    return lab


def cell(page, number: int):
    return page.locator(".jp-Notebook .jp-CodeCell").nth(number)


@pytest.fixture
def writing(book, page):
    """The third cell, with the two before it run."""
    book.open(page, "writing.ipynb")
    for number in range(2):
        prompt = cell(page, number).locator(".jp-InputPrompt")
        before = prompt.inner_text().strip()
        cell(page, number).locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        expect(prompt).not_to_have_text(re.compile(rf"\*|^{re.escape(before)}\s*$"), timeout=PATIENCE)
    cell(page, 2).locator(".cm-content").click()
    return cell(page, 2)


def write(page, text: str) -> None:
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def shot(page, name: str) -> None:
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / f"writing-{name}.png")


def content(writing) -> str:
    return "\n".join(writing.locator(".cm-line").all_text_contents())


def test_errors_are_underlined_before_anything_runs(writing) -> None:
    page = writing.page
    write(page, "%%mojo\nprint(area(2), nothing)")
    mark = writing.locator(".mojocell-error")
    expect(mark).to_have_text("nothing", timeout=PATIENCE)
    mark.hover()
    expect(page.locator(".mojocell-tooltip")).to_have_text("error: use of unknown declaration 'nothing'")
    shot(page, "error")
    expect(writing.locator(".jp-InputPrompt")).to_have_text("[ ]:")
    # What needs no language server: a bracket, an option.
    write(page, "%%mojo\nprint((area(2)")
    expect(mark).to_have_text("(")
    write(page, "%%mojo --timeoot 3\nprint(1)")
    expect(mark).to_have_text("--timeoot")


def test_a_repair_goes_into_the_cell_before_it_runs(writing) -> None:
    page = writing.page
    write(page, "%%mojo\nx = 5\nprint(x)")
    expect(writing.locator(".mojocell-warning")).to_have_text("x", timeout=PATIENCE)
    writing.get_by_role("button", name="Repair").click()
    assert content(writing) == "%%mojo\nvar x = 5\nprint(x)"


def test_tab_completes_and_shift_tab_explains(writing) -> None:
    page = writing.page
    append = page.locator(".jp-Completer-item", has_text="append")
    write(page, "%%mojo\nvar xs: List[Int] = [1]\nxs.")
    for _ in range(20):  # JupyterLab waits for a second; the list is there with the next Tab
        page.keyboard.press("Tab")
        page.wait_for_timeout(1500)
        if append.count():
            break
        page.keyboard.press("Escape")
        writing.locator(".cm-content").click()
        page.keyboard.press("Control+End")
    expect(append.first).to_be_visible()
    shot(page, "tab")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    cell(page, 2).locator(".cm-content").click()
    write(page, "%%mojo\nprint(area(3))")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    tooltip = page.locator(".jp-Tooltip")
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        page.wait_for_timeout(1500)
        if tooltip.count():
            break
    expect(tooltip).to_contain_text("def area(w: Int, h: Int")
    expect(tooltip).to_contain_text("How large it is.")
    shot(page, "shift-tab")


def test_a_cell_is_laid_out_by_key_and_by_button(writing) -> None:
    page = writing.page
    write(page, "%%mojo -O1\nvar x=3\nprint( x )")
    page.keyboard.press("Shift+Alt+f")
    expect(writing.locator(".cm-line").nth(1)).to_have_text("var x = 3", timeout=PATIENCE)
    assert content(writing) == "%%mojo -O1\nvar x = 3\nprint(x)"
    page.keyboard.press("Control+z")
    assert content(writing) == "%%mojo -O1\nvar x=3\nprint( x )"
    shot(page, "format")
    writing.get_by_role("button", name="Format").click()
    expect(writing.locator(".cm-line").nth(1)).to_have_text("var x = 3", timeout=PATIENCE)
