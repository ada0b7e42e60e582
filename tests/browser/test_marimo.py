"""What a person sees in marimo, with the real compiler and browser: edit, run, and sliders on Mojo functions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers import ROOT, environment

SLIDER = "marimo-slider [role=slider]"
RUNNING = "[data-testid=cell-status][data-status=running]"
NOTEBOOK = ROOT / "notebooks" / "marimo_slider.py"


# --- the notebook with the slider -------------------------------------------------------------


def expected(r: float, start: float) -> list[float]:
    """What the notebook's table shows, worked out in Python."""
    x = start
    for _ in range(100_000):
        x = r * x * (1 - x)
    first, values = x, []
    for _ in range(64):
        values.append(x)
        x = r * x * (1 - x)
        if abs(x - first) < 1e-7:
            return values
    return []


def value(page, number: int) -> float:
    """Where a slider stands: marimo's thumb tells the step's number or the value, the label beside it the value."""
    return float(page.locator("marimo-slider").nth(number).locator(".text-xs").inner_text())


def wait_for_table(page, r: float, start: float) -> None:
    """Waits until the table and the line are those of these values."""
    wanted = "".join(f"{i}{x:.4f}" for i, x in enumerate(expected(r, start), 1))
    page.wait_for_function("want => document.querySelector('#cycle')?.textContent === want", arg=wanted)
    page.wait_for_function("() => document.querySelectorAll('#orbit circle').length === 60")


def steer_by_keyboard(page) -> None:
    thumb = page.locator(SLIDER).nth(0)
    thumb.focus()
    page.keyboard.press("Home")
    wait_for_table(page, 0.5, 0.2)
    assert "dies out" in page.locator("h3").inner_text()
    page.keyboard.press("End")
    wait_for_table(page, 4.0, 0.2)
    assert "never repeats" in page.locator("h3").inner_text()
    for step in range(1, 6):
        page.keyboard.press("ArrowLeft")
        wait_for_table(page, round(4.0 - step / 100, 2), 0.2)
    page.locator(SLIDER).nth(1).focus()
    page.keyboard.press("ArrowRight")
    wait_for_table(page, 3.95, 0.25)


def steer_by_mouse(page) -> None:
    seen = set()
    for part in (0.2, 0.6, 0.9):
        track = page.locator("marimo-slider [data-testid=track]").nth(0).bounding_box()
        thumb = page.locator(SLIDER).nth(0).bounding_box()
        height = thumb["y"] + thumb["height"] / 2
        page.mouse.move(thumb["x"] + thumb["width"] / 2, height)
        page.mouse.down()
        page.mouse.move(track["x"] + track["width"] * part, height, steps=12)
        page.mouse.up()
        r, start = value(page, 0), value(page, 1)
        seen.add(r)
        assert abs(r - (0.5 + 3.5 * part)) < 0.2
        wait_for_table(page, r, start)
    assert len(seen) == 3


@pytest.mark.parametrize("mode", ["run", "edit"])
def test_a_slider_steers_a_mojo_function_by_keyboard_and_mouse(
    marimo, page, mode: str, tmp_path: Path
) -> None:
    server = marimo(mode, NOTEBOOK)
    server.open(page, "#orbit")
    page.wait_for_timeout(1500)
    wait_for_table(page, 3.5, 0.2)
    target = Path(os.environ.get("MOJOCELL_SCREENSHOTS", tmp_path))
    page.screenshot(
        path=str(target / f"marimo-{mode}.png"), clip={"x": 0, "y": 0, "width": 1280, "height": 850}
    )
    steer_by_keyboard(page)
    steer_by_mouse(page)
    assert server.process.poll() is None


def test_the_slider_notebook_runs_as_a_script(marimo_place: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(NOTEBOOK)],
        env=environment(marimo_place),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("r = 3.5: It repeats itself after 4 years. After 59 years x = 0.3828.")


# --- crashes and interrupts -------------------------------------------------------------------

TRIALS = '''
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import mojocell as mc
    import os
    return mc, mo, os


@app.cell
def _(mc):
    source = r"""
def prime(i: Int) -> Int:
    var primes: List[Int] = [2, 3, 5, 7, 11]
    return primes[i]

def spin(n: Int) -> Int:
    var a = n
    while a >= 0:
        a = (a + 1) % 1000003
    return a
"""
    compiled = mc.cell(source)
    prime, spin = compiled.prime, compiled.spin
    return prime, source, spin


@app.cell
def _(mo):
    told, tell = mo.state("nothing yet")
    return tell, told


@app.cell
def _(mc, mo, prime, tell):
    def changed(i):
        try:
            tell(f"the prime {prime(i)}")
        except mc.MojoCrash as crash:
            tell(f"MojoCrash: {crash}")

    caught = mo.ui.slider(0, 8, label="caught", on_change=changed)
    uncaught = mo.ui.slider(0, 8, label="uncaught")
    mo.vstack([caught, uncaught])
    return caught, uncaught


@app.cell
def _(mo, told):
    mo.Html(f"<pre id='told'>{told()}</pre>")
    return


@app.cell
def _(mo, os, prime, uncaught):
    mo.Html(f"<pre id='shown' data-pid='{os.getpid()}'>{prime(uncaught.value)}</pre>")
    return


@app.cell
def _(mc, mo, source):
    here = mc.cell(source, mode="inline").prime
    crashes = 0
    for i in range(1000):
        try:
            here(5 + i)
        except mc.MojoCrash:
            crashes += 1
    mo.Html(f"<pre id='crashes'>{crashes} crashes {here.mode}, then {here(4)}</pre>")
    return


@app.cell
def _(mo):
    go = mo.ui.run_button(label="spin for ever")
    go
    return (go,)


@app.cell
def _(go, mo, spin):
    if go.value:
        spin(1)
    mo.Html("<pre id='idle'>idle</pre>")
    return


if __name__ == "__main__":
    app.run()
'''


def press(page, number: int, *keys: str) -> None:
    page.locator(SLIDER).nth(number).focus()
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(50)


def wait_for_text(page, selector: str, text: str) -> None:
    page.wait_for_function(
        "([s, t]) => document.querySelector(s)?.textContent.includes(t)", arg=[selector, text]
    )


def test_a_crash_in_one_session_is_told_there_and_the_other_goes_on(marimo, page) -> None:
    server = marimo("run", TRIALS)
    server.open(page, "#shown")
    other = page.context.new_page()
    server.open(other, "#shown")
    for session in (page, other):
        wait_for_text(session, "#shown", "2")
        session.wait_for_timeout(1000)
    press(page, 0, "End")
    wait_for_text(page, "#told", "MojoCrash: ")
    wait_for_text(page, "#told", "index 8 is out of bounds")
    press(other, 0, "ArrowRight")
    wait_for_text(other, "#told", "the prime 3")
    press(page, 0, "Home", "ArrowRight", "ArrowRight")
    wait_for_text(page, "#told", "the prime 5")
    assert "crash" not in other.locator("#told").inner_text().lower()
    assert server.process.poll() is None


@pytest.mark.parametrize("mode", ["run", "edit"])
def test_a_crash_in_a_cell_is_an_error_of_that_cell_and_the_next_value_works(marimo, page, mode: str) -> None:
    server = marimo(mode, TRIALS, *(["--show-tracebacks"] if mode == "run" else []))
    server.open(page, "#shown")
    wait_for_text(page, "#shown", "2")
    page.wait_for_timeout(1000)
    press(page, 1, "End")
    wait_for_text(page, "body", "index 8 is out of bounds")
    assert "MojoCrash" in page.locator("body").inner_text()
    press(page, 1, "Home", "ArrowRight")
    wait_for_text(page, "#shown", "3")
    assert server.process.poll() is None


@pytest.mark.parametrize("mode", ["run", "edit"])
def test_a_thousand_crashes_in_the_servers_own_process_do_no_harm(marimo, page, mode: str) -> None:
    server = marimo(mode, TRIALS)
    server.open(page, "#crashes")
    wait_for_text(page, "#crashes", "1000 crashes inline, then 11")
    page.wait_for_timeout(1000)
    press(page, 1, "ArrowRight")
    wait_for_text(page, "#shown", "3")
    assert server.process.poll() is None


def test_the_interrupt_button_stops_a_tight_loop(marimo, page) -> None:
    server = marimo("edit", TRIALS)
    server.open(page, "#idle")
    wait_for_text(page, "#shown", "2")
    kernel = page.locator("#shown").get_attribute("data-pid")
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="spin for ever").click()
    stop = page.locator("[data-testid=interrupt-button]").last
    page.wait_for_selector(RUNNING, state="attached")
    page.wait_for_timeout(500)
    assert page.locator(RUNNING).count() == 1
    stop.click()
    page.wait_for_function("() => document.body.innerText.toLowerCase().includes('interrupted')")
    page.wait_for_selector(RUNNING, state="detached")
    press(page, 1, "ArrowRight")
    wait_for_text(page, "#shown", "3")
    assert page.locator("#shown").get_attribute("data-pid") == kernel
