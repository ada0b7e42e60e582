"""What a person sees in JupyterLab, with the real compiler, kernel and browser."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from daemon import command_line, wait_until

CELL = ".jp-Notebook .jp-CodeCell"


def write_notebook(path: Path, *sources: str) -> None:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(sources)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))


def run_cell(page, number: int) -> None:
    """Ctrl+Enter in a cell, until its prompt says that it is running or has run."""
    cell = page.locator(CELL).nth(number)
    before = cell.locator(".jp-InputPrompt").inner_text()
    for _ in range(5):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            page.wait_for_function(
                "([s, n, b]) => document.querySelectorAll(s)[n].querySelector('.jp-InputPrompt').innerText !== b",
                arg=[CELL, number, before],
                timeout=3000,
            )
        except Exception as error:  # noqa: BLE001
            last = error
        else:
            return
    raise AssertionError(f"the cell does not start: {last}")


def wait_done(page, number: int) -> str:
    page.wait_for_function(
        "([s, n]) => /\\[\\d+\\]/.test(document.querySelectorAll(s)[n].querySelector('.jp-InputPrompt').innerText)",
        arg=[CELL, number],
    )
    page.wait_for_timeout(300)
    return output(page, number)


def output(page, number: int) -> str:
    return "\n".join(page.locator(CELL).nth(number).locator(".jp-OutputArea-output").all_inner_texts())


def programs(lab) -> list[int]:
    """Every Mojo program that this server's kernels have running: they run where the notebook is."""
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [
        pid
        for pid in found
        if command_line(pid).startswith("mojocell: ") and directory(pid) == str(lab.directory)
    ]


def directory(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


@pytest.fixture
def notebook(lab, page, request):
    name = f"{request.node.name}.ipynb"  # a kernel of its own

    def show(*sources: str):
        write_notebook(lab.directory / name, "%load_ext mojocell", *sources)
        lab.open(page, name)
        run_cell(page, 0)
        wait_done(page, 0)
        return page

    return show


def test_a_cell_runs_and_the_second_time_says_hit(notebook) -> None:
    page = notebook('%%mojo\ndef main():\n    print("Hello from Mojo,", 6 * 7)')
    run_cell(page, 1)
    assert "Hello from Mojo, 42" in wait_done(page, 1)
    run_cell(page, 1)
    page.wait_for_timeout(1500)
    shown = output(page, 1)
    assert "Hello from Mojo, 42" in shown and "cache hit" in shown


def test_output_appears_while_the_program_runs(notebook) -> None:
    page = notebook(
        "%%mojo\nfrom std.time import sleep\nfor i in range(40):\n    print('tick', i)\n    sleep(0.25)"
    )
    run_cell(page, 1)
    page.wait_for_function("s => document.querySelectorAll(s)[1].innerText.includes('tick 2')", arg=CELL)
    prompt = page.locator(CELL).nth(1).locator(".jp-InputPrompt").inner_text()
    assert "*" in prompt, prompt
    page.locator(
        '[data-jp-item-name=interrupt] button, [data-command="notebook:interrupt-kernel"]'
    ).first.click()
    shown = wait_done(page, 1)
    assert "tick 2" in shown and "KeyboardInterrupt" in shown
    assert "tick 39" not in shown


def test_a_program_asks_in_a_box_below_its_output(notebook) -> None:
    page = notebook(
        '%%mojo\ndef main() raises:\n    print("before")\n    var name = input("Name? ")\n    print("hello", name)'
    )
    run_cell(page, 1)
    box = page.locator(".jp-Stdin")
    expect(box.locator(".jp-Stdin-prompt")).to_have_text("Name? ", timeout=30_000)
    assert output(page, 1).split("before")[1].split() == ["Name?"]
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "jupyterlab-input.png")
    box.locator("input").fill("Ada")
    box.locator("input").press("Enter")
    wait_done(page, 1)
    expect(box).to_have_count(0)
    assert output(page, 1).split("before")[1].split() == ["Name?", "Ada", "hello", "Ada"]
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "jupyterlab-answered.png")


def test_stop_ends_a_loop_and_leaves_no_process(notebook, lab) -> None:
    page = notebook(
        "%%mojo\nvar n = 0\nprint('begun')\nwhile n >= 0:\n    n = (n + 1) % 1000\nprint(n)",
        "print('next', 1)",
    )
    run_cell(page, 1)
    page.wait_for_function(
        "s => document.querySelectorAll(s)[1].querySelector('.jp-OutputArea-output pre')?.innerText.includes('begun')",
        arg=CELL,
    )
    assert programs(lab)
    page.locator(
        '[data-jp-item-name=interrupt] button, [data-command="notebook:interrupt-kernel"]'
    ).first.click()
    shown = wait_done(page, 1)
    assert "begun" in shown and "KeyboardInterrupt" in shown
    assert "ipython-input" not in shown and "mojocell/core/client.py" not in shown
    wait_until(lambda: not programs(lab), what="the end of the program")
    run_cell(page, 2)
    assert "next 1" in wait_done(page, 2)


def test_errors_name_the_line_of_the_cell_and_show_no_library(notebook) -> None:
    page = notebook(
        "%%mojo\ndef main():\n    print(undefined_name)",
        "%%mojo\ndef main():\n    var numbers = [1, 2, 3]\n    var i = 10\n    print(numbers[i])",
        "print('the kernel lives')",
    )
    run_cell(page, 1)
    shown = wait_done(page, 1)
    assert "3:11: error: use of unknown declaration 'undefined_name'" in shown
    assert "^" in shown and "Traceback" not in shown
    run_cell(page, 2)
    shown = wait_done(page, 2)
    assert "index 10 is out of bounds" in shown and ":5:" in shown
    assert "Traceback" not in shown
    run_cell(page, 3)
    assert "the kernel lives" in wait_done(page, 3)


def test_the_tour_runs_from_top_to_bottom(lab, page, tmp_path: Path) -> None:
    lab.open(page, "tour.ipynb")
    count = sum(
        cell["cell_type"] == "code"
        for cell in json.loads((lab.directory / "tour.ipynb").read_text())["cells"]
    )
    expect(page.locator(CELL)).to_have_count(count)  # they are drawn one after the other
    for number in range(count):
        run_cell(page, number)
        wait_done(page, number)
    # An output may come after the prompt that tells of the end.
    expect(page.locator(".jp-OutputArea-output", has_text="out of bounds").first).to_be_attached()
    shown = [output(page, number) for number in range(count)]
    assert all("Traceback" not in text for text in shown)
    assert "Hello" in "\n".join(shown)
    target = os.environ.get("MOJOCELL_SCREENSHOTS")
    page.add_style_tag(content=".jp-toastContainer, .Toastify { display: none }")
    page.keyboard.press("Control+b")  # no side bar
    page.keyboard.press("Escape")
    page.locator(CELL).nth(0).scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    page.screenshot(path=str(Path(target or tmp_path) / "jupyterlab-tour.png"))
