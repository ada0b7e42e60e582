"""`mc.cell` in marimo's pages: output as it comes, failures in their place, Stop in each state of a cell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect
from servers import await_stats, environment, stats

HEAD = """
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import mojocell as mc
    return mc, mo

"""
TAIL = """

if __name__ == "__main__":
    app.run()
"""
STREAM = (
    HEAD
    + '''
@app.cell
def _(mc):
    stream = mc.cell(r"""
    from std.os.path import exists
    from std.time import sleep

    def main() raises:
        for i in range(4):
            print("tick", i)
            while not exists(String("seen-", i)):
                sleep(0.02)
    """)
    return (stream,)


@app.cell
def _(mc):
    module = mc.cell(r"""
    def at(n: Int) -> Int:
        var values: List[Int] = [1, 2, 3]
        return values[n]
    """)
    module
    return (module,)


@app.cell
def _(mo):
    slider = mo.ui.slider(0, 9, label="n")
    slider
    return (slider,)


@app.cell
def _(mo, module, slider):
    mo.md(f"<span id='value'>value {module.at(slider.value)}</span>")
    return


@app.cell
def _(mc):
    mc.cell(r"""
    def main():
        print(nothing)
    """)
    return
'''
    + TAIL
)


@pytest.mark.parametrize("mode", ["run", "edit"])
def test_output_appears_while_it_is_written(marimo, page, tmp_path: Path, mode: str) -> None:
    page.goto(marimo(mode, STREAM).url)
    for i in range(4):
        # The program goes on only once this was seen.
        expect(page.locator("pre.mojocell").first).to_contain_text(f"tick {i}")
        (tmp_path / f"seen-{i}").touch()
    expect(page.locator("#value")).to_have_text("value 1")
    # What was printed stays, and the module shows its source in colour.
    expect(page.locator("pre.mojocell").first).to_contain_text("tick 0\ntick 1\ntick 2\ntick 3")
    expect(page.locator(".codehilite").first).to_contain_text("def at(n: Int) -> Int:")
    keyword = page.locator(".codehilite .k").first.evaluate("e => getComputedStyle(e).color")
    plain = page.locator(".codehilite").first.evaluate("e => getComputedStyle(e).color")
    assert keyword != plain


def test_an_app_shows_failures_in_their_place_to_those_whose_they_are(marimo, page, tmp_path: Path) -> None:
    for i in range(4):
        (tmp_path / f"seen-{i}").touch()
    server = marimo("run", STREAM)
    page.goto(server.url)
    expect(page.locator("#value")).to_have_text("value 1")
    alert = page.get_by_role("alert")
    expect(alert.filter(has_text="MojoCompileError")).to_contain_text("use of unknown declaration 'nothing'")
    other = page.context.new_page()
    other.goto(server.url)
    expect(other.locator("#value")).to_have_text("value 1")
    page.locator("marimo-slider [role=slider]").focus()
    page.keyboard.press("End")
    crash = alert.filter(has_text="MojoCrash")
    expect(crash).to_contain_text("index 9 is out of bounds")
    expect(crash).to_contain_text("return values[n]")
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "marimo-failures.png")
    other.locator("marimo-slider [role=slider]").focus()
    other.keyboard.press("ArrowRight")
    expect(other.locator("#value")).to_have_text("value 2")
    assert other.get_by_role("alert").filter(has_text="MojoCrash").count() == 0
    page.keyboard.press("Home")
    expect(page.locator("#value")).to_have_text("value 1")
    expect(crash).to_have_count(0)
    assert server.process.poll() is None


EDITED = (
    HEAD
    + '''
@app.cell
def _(mc):
    mc.cell("""
    def main():
        print("once", 6 * 7)
    """)
    return


@app.cell
def _(mc):
    mc.cell("""
    def main():
        print(nothing)
    """)
    return


@app.cell
def _(mc):
    try:
        mc.run("def main() raises: raise Error('too late')")
    except mc.MojoRuntimeError as error:
        print(type(error).__name__, type(error).__module__, error)
    return


@app.cell
def _(mc):
    first = 1
    mc.run("def main() raises: raise Error('no line')")
    return
'''
    + TAIL
)


def test_an_error_is_readable_while_one_edits(marimo, page) -> None:
    page.goto(marimo("edit", EDITED).url)
    cells = page.locator(".marimo-cell")
    failed, caught, raised = (cells.nth(number) for number in (2, 3, 4))
    traceback = failed.locator(".codehilite")
    expect(traceback).to_contain_text("use of unknown declaration 'nothing'")
    expect(traceback).to_contain_text(re.compile(r"\n +3 \| +print\(nothing\)\n +\| +\^~+"))
    # The line of Mojo is the one that is marked, and no file but the cell is named.
    expect(failed.locator(".cm-error-line")).to_have_text("    print(nothing)")
    for cell in (failed, raised):
        expect(cell.get_by_text("Traceback (most recent call last)")).to_have_count(1)
        assert "site-packages" not in cell.inner_text()
    expect(raised.locator(".cm-error-line")).to_contain_text("mc.run(")
    expect(caught).to_contain_text("MojoRuntimeError mojocell.errors too late")
    # What ran stands in its cell, and not once more below.
    expect(cells.nth(1)).to_contain_text("once 42")
    assert cells.nth(1).inner_text().count("def main()") == 1
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "marimo-edit.png")


STOPPED = (
    HEAD
    + '''
@app.cell
def _(mc):
    import time
    compiled = mc.cell(f"""
    def spin(n: Int) -> Int:
        var k = n
        while k >= 0:
            k = (k + 1) % 1000003
        return k
    comptime UNIQUE = "{time.time_ns()}"
    """)
    return (compiled,)


@app.cell
def _(mc):
    mc.cell(r"""
    from std.time import sleep
    def main():
        print("begun", 6 * 7)
        sleep(100.0)
    """)
    return


@app.cell
def _(compiled):
    print("calling", 6 * 7)
    compiled.spin(1)
    return


'''
    + TAIL
)


def daemon(place: Path) -> str:
    """The process of the daemon that the servers use."""
    words = [sys.executable, "-c", "import mojocell as mc; print(mc.info()['pid'])"]
    return subprocess.run(words, env=environment(place), capture_output=True, text=True, check=True).stdout


def test_stop_ends_compilation_run_and_call_and_never_the_daemon(marimo_place, marimo, page) -> None:
    before = daemon(marimo_place)
    page.goto(marimo("edit", STOPPED).url)
    stop = page.locator("[data-testid=interrupt-button]").last
    cells = page.locator(".marimo-cell")
    running = page.locator("[data-testid=cell-status][data-status=running]")

    def stop_when(number: int, text: str | re.Pattern[str]) -> float:
        expect(cells.nth(number)).to_contain_text(text)
        # Until the page knows that cells run, a click on the button does nothing.
        expect(stop).not_to_have_class(re.compile("inactive-button"))
        began = time.monotonic()
        stop.click()
        expect(running).to_have_count(0)
        return time.monotonic() - began

    def run(number: int) -> None:
        cells.nth(number).hover()
        cells.nth(number).locator("[data-testid=run-button]").first.click()

    assert stop_when(1, re.compile(r"compiling … \d+\.\d s")) < 5
    run(2)
    assert stop_when(2, "begun 42") < 5
    run(1)
    expect(running).to_have_count(1)
    assert stop_when(3, "calling 42") < 5
    assert daemon(marimo_place) == before


ASKING = (
    HEAD
    + '''
@app.cell
def _(mc):
    mc.cell("""
    def main() raises:
        print("before")
        var name = input("Name? ")
        print("hello", name)
    """)
    return
'''
    + TAIL
)


def test_a_program_asks_below_its_cell_while_one_edits(marimo, page) -> None:
    page.goto(marimo("edit", ASKING).url)
    box = page.get_by_role("textbox", name="stdin").or_(page.locator("[data-testid=console-input]")).first
    expect(box).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Name? ").last).to_be_visible()
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "marimo-input.png")
    box.fill("Ada")
    box.press("Enter")
    expect(page.locator("pre.mojocell").filter(has_text="hello Ada")).to_be_visible()
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / "marimo-answered.png")


LATER = (
    HEAD
    + '''
@app.cell
def _(mc):
    def later():
        return mc.cell(r"""
        def of_an_opened_notebook() -> Int:
            return 61
        """)

    return (later,)
'''
    + TAIL
)


def test_what_an_opened_notebook_asks_for_is_compiled_before_it_runs(marimo, marimo_place, page) -> None:
    env = environment(marimo_place)
    before = stats(env)
    marimo("edit", LATER).open(page, ".marimo-cell")
    now = await_stats(env, lambda found: found["entries"] == before["entries"] + 1)
    # Nobody waited for a compiler, and the notebook has not run it.
    made = {name: now[name] - before[name] for name in ("prefetched", "compilations", "misses", "hits")}
    assert made["prefetched"] == made["compilations"] > 0 == made["misses"] + made["hits"]
