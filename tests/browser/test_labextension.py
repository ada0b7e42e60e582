"""%%mojo cells in JupyterLab: Mojo's words in colour, the compiler's diagnostics underlined."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

MOJO = """

%%mojo -O1
struct Point:
    var x: Float64  # a comment

def area(p: Int) raises -> Int:
    \"""Says
    def nothing.\"""
    comptime N = 0x_ff
    return p * N if True else abs(p)"""
CELLS = [
    "%load_ext mojocell",
    MOJO,
    "def python(x):\n    var = 1\n    return var",
    "%%mojo\ndef main():\n    var text = 'ü😀' + nothing\n    print(text)",
    "%%mojo\ndef main():\n    var unused = 1\n    print(2)",
    "%%mojo\ndef main():\n    var values: List[Int] = [1, 2]\n    print(values[len(values) + 3])",
    "%%mojoish\nvar x = 1",
    "%%mojo\nfn main():\n    print(2)",
    "%%mojo\n\nfn main():\n    print(nothing)\n\nfn f(): pass",
]


@pytest.fixture
def page_with_cells(lab, page):
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
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (lab.directory / "cells.ipynb").write_text(json.dumps(notebook))
    lab.open(page, "cells.ipynb")
    return page


def cell(page, number: int):
    return page.locator(".jp-Notebook .jp-CodeCell").nth(number)


def run(page, number: int) -> None:
    """Run a cell and wait until it has ended."""
    prompt = cell(page, number).locator(".jp-InputPrompt")
    before = prompt.inner_text()
    cell(page, number).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    # "[*]:" may have come and gone before anybody looks; its number is a new one each time.
    expect(prompt).not_to_have_text(re.compile(rf"\*|^{re.escape(before)}$"))


def colors(page, number: int) -> dict[str, str]:
    """The colour of each piece of a cell's text."""
    return (
        cell(page, number)
        .locator(".cm-content")
        .evaluate(
            """root => {
          const found = {};
          const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
          for (let node = walk.nextNode(); node; node = walk.nextNode()) {
            found[node.textContent.trim()] = getComputedStyle(node.parentElement).color;
          }
          return found;
        }"""
        )
    )


def underlined(page, number: int) -> list[tuple[str, str]]:
    marks = cell(page, number).locator(".mojocell-diagnostic")
    return [
        (mark.inner_text(), mark.get_attribute("class").split("mojocell-")[-1].split()[0])
        for mark in marks.all()
    ]


def test_the_words_of_mojo_have_their_colours_and_python_keeps_its_own(page_with_cells) -> None:
    page = page_with_cells
    own = colors(page, 1)
    keyword = own["def"]
    assert own["struct"] == own["var"] == own["comptime"] == own["return"] == own["raises"] == keyword
    assert own["Float64"] == own["Int"] != keyword
    assert own["0x_ff"] not in (keyword, own["Int"])
    assert own['"""Says'] == own['def nothing."""'] != keyword
    assert own["# a comment"] not in (keyword, own['"""Says'])
    assert own["%%mojo -O1"] != keyword
    # What JupyterLab has for Python comes when it is wanted.
    expect(cell(page, 2).locator(".cm-line span", has_text="def")).to_have_count(1)
    python = colors(page, 2)
    assert python["def"] == keyword
    assert python.get("var") != keyword
    assert keyword not in colors(page, 6).values()


def test_a_cell_becomes_mojo_while_it_is_typed_and_python_again(page_with_cells) -> None:
    page = page_with_cells
    target = cell(page, 2).locator(".cm-content")
    target.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("%%mojo\n")
    assert colors(page, 2)["var"] == colors(page, 2)["def"]
    page.keyboard.press("Control+Home")
    page.keyboard.press("Delete")
    assert colors(page, 2).get("var") != colors(page, 2)["def"]
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+a")
    page.keyboard.type("%%mojo\ndef f():\npass")
    assert cell(page, 2).locator(".cm-line").nth(2).inner_text() == "    pass"


def test_what_the_compiler_says_is_underlined_until_it_is_edited_or_runs_well(page_with_cells) -> None:
    page = page_with_cells
    run(page, 0)
    run(page, 3)
    expect(cell(page, 3).locator(".mojocell-error")).to_have_count(1)
    assert underlined(page, 3) == [("nothing", "error")]
    cell(page, 3).locator(".mojocell-error").hover()
    expect(page.locator(".mojocell-tooltip")).to_have_text("error: use of unknown declaration 'nothing'")
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "labextension.png")
    run(page, 4)
    expect(cell(page, 4).locator(".mojocell-warning")).to_have_count(1)
    run(page, 5)
    expect(cell(page, 5).locator(".mojocell-error")).to_have_count(1)
    assert underlined(page, 3) == [("nothing", "error")]
    # Editing takes them away; running what is right leaves none.
    cell(page, 3).locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" ")
    expect(cell(page, 3).locator(".mojocell-diagnostic")).to_have_count(0)
    run(page, 3)
    expect(cell(page, 3).locator(".mojocell-error")).to_have_count(1)
    cell(page, 3).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("%%mojo\nprint(1)")
    run(page, 3)
    expect(cell(page, 3).locator(".jp-OutputArea-output pre").first).to_have_text("1\n")
    assert underlined(page, 3) == []


def text(page, number: int) -> str:
    return "\n".join(cell(page, number).locator(".cm-line").all_text_contents())


def test_the_repair_goes_into_the_cell_by_its_button(page_with_cells) -> None:
    page = page_with_cells
    run(page, 0)
    run(page, 7)
    expect(cell(page, 7).locator(".mojocell-note")).to_have_text("fn")
    cell(page, 7).locator(".mojocell-note").hover()
    expect(page.locator(".mojocell-tooltip")).to_have_text("note: repair: `fn` → `def`")
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "labextension-repair.png")
    cell(page, 7).get_by_role("button", name="Repair").click()
    expect(cell(page, 7).locator(".mojocell-diagnostic, .mojocell-repair")).to_have_count(0)
    assert text(page, 7) == "%%mojo\ndef main():\n    print(2)"
    run(page, 7)
    expect(cell(page, 7).locator(".jp-OutputArea-output pre").first).to_have_text("2\n")
    assert underlined(page, 7) == []


class Announced:
    """What a screen reader says of a cell's editor: the region has it for a moment only."""

    def __init__(self, marked) -> None:
        self.page = marked.page
        marked.locator(".cm-announced").evaluate(
            """region => {
              window.said = [];
              const note = () => region.textContent.trim() && window.said.push(region.textContent);
              new MutationObserver(note).observe(region, { childList: true, subtree: true });
            }"""
        )

    def says(self, pattern: str) -> None:
        """Wait until the newest is this."""
        self.page.wait_for_function("pattern => new RegExp(pattern).test(window.said.at(-1))", arg=pattern)


def test_the_underline_and_the_repair_are_reached_and_announced_by_keyboard(page_with_cells) -> None:
    page = page_with_cells
    run(page, 0)
    marked = cell(page, 8)
    said = Announced(marked)
    run(page, 8)
    said.says(r"remarks, the first: .*F8 goes there, (Ctrl\+|⌘)\. repairs the cell\.$")
    marked.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    pointed = page.locator(".mojocell-pointed")
    error, repair = "use of unknown declaration 'nothing'", "repair: `fn` → `def`"
    for line, kind, message in (
        (3, "note", repair),
        (4, "error", error),
        (6, "note", repair),
        (3, "note", repair),
    ):
        page.keyboard.press("F8")
        said.says(f"^{kind}, line {line}: {re.escape(message)}$")
        expect(pointed).to_have_text(f"{kind}: {message}")
    page.keyboard.press("Shift+F8")
    said.says("^note, line 6: ")
    page.keyboard.press("ArrowLeft")
    expect(pointed).to_have_count(0)
    page.keyboard.press("Control+.")
    said.says("^the cell is repaired; run it again$")
    assert text(page, 8) == "%%mojo\n\ndef main():\n    print(nothing)\n\ndef f(): pass"
    page.keyboard.press("Control+z")
    assert text(page, 8) == CELLS[8]


def test_colours_follow_the_dark_theme(page_with_cells) -> None:
    page = page_with_cells
    light = colors(page, 1)
    page.get_by_text("Settings", exact=True).first.click()
    page.get_by_text("Theme", exact=True).first.hover()
    page.get_by_text("JupyterLab Dark", exact=True).click()
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    dark = colors(page, 1)
    assert dark["struct"] == dark["def"] != dark["Float64"]
    assert dark["Float64"] != light["Float64"]
