"""`mc.interact` as a person meets it: in marimo (run, edit) and in JupyterLab, by keyboard, by mouse, by ear."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

SOURCE = """
from std.math import sin

def wave(n: Int, rate: Float64 = 2.0, mode: String = "sine", loud: Bool = True) raises -> List[Float64]:
    if n == 13:
        raise Error("no thirteen here")
    var values = List[Float64]()
    for i in range(n * 20):
        var value = sin(Float64(i) * rate / 30.0) if mode == "sine" else Float64(i % 20) / 20
        values.append(value if loud else value / 10)
    print("made", len(values))
    return values^

def at(n: Int) -> Int:
    var values: List[Int] = [1, 2, 3]
    return values[n]

def spin(n: Int) -> Int:
    var k = n
    while k != 0:
        k += 2
    return k
"""
PYTHON = """
def table(count: int, unit: str = "m"):
    return [{"number": i, unit: i * i / 3} for i in range(count)]

def field(size: int):
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    return x * y
"""


def indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.strip().split("\n"))


MARIMO = f'''
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import mojocell as mc
    import numpy as np
    return mc, mo, np


@app.cell
def _(mc):
    module = mc.compile("""{SOURCE}""")
    wave = mc.interact(module.wave, n=(1, 30), rate=(0.0, 5.0, 0.05), mode=["sine", "saw"])
    wave
    return module, wave


@app.cell
def _(mo, wave):
    mo.Html(f"<pre id='follows'>{{len(wave.value)}} values of {{wave.arguments['n']}}</pre>")
    return


@app.cell
def _(mc, module):
    mc.interact(module.spin, n=mc.widgets.Choice([0, -2, 1], label="start"))
    return


@app.cell
def _(mc, module):
    mc.interact(module.at, n=(0, 5))
    return


@app.cell
def _(mc, np):
{indented(PYTHON)}
    mc.interact(table, count=(1, 300))
    return field, table


@app.cell
def _(field, mc):
    mc.interact(field, size=(16, 64))
    return


if __name__ == "__main__":
    app.run()
'''
LAB = [
    f'import mojocell as mc, numpy as np\nmodule = mc.compile("""{SOURCE}""")\n{PYTHON}',
    'wave = mc.interact(module.wave, n=(1, 30), rate=(0.0, 5.0, 0.05), mode=["sine", "saw"])\nwave',
    "mc.interact(module.spin, n=mc.widgets.Choice([0, -2, 1], label='start'))",
    "mc.interact(module.at, n=(0, 5))",
    "mc.interact(table, count=(1, 300))",
    "mc.interact(field, size=(16, 64))",
]
WIDGET = ".mojocell-interact"


class Shown:
    """One of the widgets of a page."""

    def __init__(self, page, number: int) -> None:
        self.page = page
        self.root = page.locator(WIDGET).nth(number)
        self.result = self.root.locator(".mojocell-result")
        self.status = self.root.get_by_role("status")
        self.alert = self.root.get_by_role("alert")
        self.stop = self.root.get_by_role("button", name="Stop")

    def slider(self, name: str):
        return self.root.get_by_role("slider", name=name)

    def says(self, text: str) -> None:
        from playwright.sync_api import expect

        expect(self.status).to_contain_text(text)

    def shows(self, text: str) -> None:
        """Wait until a result in text is there, and nothing is going on."""
        from playwright.sync_api import expect

        expect(self.result.locator(".mojocell-text")).to_have_text(text)
        expect(self.stop).to_be_hidden()
        expect(self.alert).to_be_empty()

    def fails(self, text: str) -> None:
        from playwright.sync_api import expect

        expect(self.alert).to_contain_text(text)


def widgets(page) -> list[Shown]:
    page.locator(WIDGET).nth(4).wait_for()
    return [Shown(page, number) for number in range(5)]


def notebook(cells: list[str]) -> str:
    made = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(cells)
    ]
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(params=["marimo run", "marimo edit", "jupyterlab"])
def shown(request: pytest.FixtureRequest, page) -> list[Shown]:
    """The widgets of a notebook, in each front end."""
    if request.param == "jupyterlab":
        lab = request.getfixturevalue("lab")
        (lab.directory / "widgets.ipynb").write_text(notebook(LAB))
        lab.open(page, "widgets.ipynb")
        page.get_by_text("Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
    else:
        start = request.getfixturevalue("marimo")
        page.goto(start(request.param.removeprefix("marimo "), MARIMO).url)
    return widgets(page)


def test_a_person_meets_every_widget(shown: list[Shown], page, request: pytest.FixtureRequest) -> None:
    """One visit, as starting a server costs more than all that is looked at."""
    in_marimo = "marimo" in request.node.callspec.id
    wave, spin, at, table, field = shown
    by_keyboard(page, wave, in_marimo=in_marimo)
    by_mouse(page, wave)
    by_ear(page, wave)
    errors_stay_in_their_place(page, wave, at)
    a_long_call_can_be_stopped_or_overtaken(page, spin)
    tables_and_images(table, field)
    themes(page, wave)


def by_keyboard(page, wave: Shown, *, in_marimo: bool) -> None:
    slider = wave.slider("n")
    slider.focus()
    for key, value in [
        ("Home", 1),
        ("ArrowRight", 2),
        ("ArrowUp", 3),
        ("ArrowLeft", 2),
        ("End", 30),
        ("PageDown", 27),
    ]:
        page.keyboard.press(key)
        assert slider.input_value() == str(value), key
        wave.says(f"{value * 20} values")
        assert page.evaluate(
            "[document, ...[...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean)]"
            ".some(r => r.activeElement?.name === 'n')"
        ), f"{key} took the focus away"
    if in_marimo:
        page.get_by_text("540 values of 27").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert wave.slider("rate").input_value() == "2.05"
    wave.root.get_by_role("combobox", name="mode").select_option(label="saw")
    wave.says("from 0 to 0.95")
    wave.root.get_by_role("checkbox", name="loud").uncheck()
    wave.says("from 0 to 0.095")
    assert wave.root.locator(".mojocell-printed").inner_text().strip() == "made 540"


def by_mouse(page, wave: Shown) -> None:
    slider = wave.slider("n")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 4, middle)
    page.mouse.down()
    for step in range(1, 31):
        page.mouse.move(box["x"] + (box["width"] - 4) * step / 30, middle)
    page.mouse.up()
    wave.says(f"{int(slider.input_value()) * 20} values")
    assert int(slider.input_value()) > 27


def by_ear(page, wave: Shown) -> None:
    assert wave.slider("rate").get_attribute("aria-valuetext") == "2.05"
    assert wave.root.get_by_role("img", name="values, from 0 to").count() == 1
    host = "marimo-anywidget" if page.locator("marimo-anywidget").count() else WIDGET
    found = Axe().run(page, host, options={"resultTypes": ["violations"]}).response["violations"]
    assert [item for item in found if item["impact"] in ("serious", "critical")] == []


def errors_stay_in_their_place(page, wave: Shown, at: Shown) -> None:
    slider = wave.slider("n")
    slider.fill("13")
    wave.fails("no thirteen here")
    wave.says("failed")
    slider.focus()
    page.keyboard.press("ArrowRight")
    wave.says("280 values")
    assert wave.alert.inner_text() == ""
    at.slider("n").fill("5")
    at.fails("MojoCrash")
    at.fails("return values[n]")
    at.slider("n").fill("1")
    at.shows("2")


def a_long_call_can_be_stopped_or_overtaken(page, spin: Shown) -> None:
    start = spin.root.get_by_role("combobox", name="start")
    start.select_option(label="1")
    spin.says("running")
    assert spin.result.get_attribute("aria-busy") == "true"
    spin.stop.click()
    spin.says("stopped")
    assert spin.stop.is_hidden()
    start.select_option(label="-2")
    spin.shows("0")
    start.select_option(label="1")
    spin.says("running")
    start.select_option(label="0")
    spin.shows("0")


def tables_and_images(table: Shown, field: Shown) -> None:
    table.slider("count").fill("250")
    table.says("a table of 250 rows and 2 columns")
    table.root.get_by_role("textbox", name="unit").fill("km")
    table.root.get_by_role("columnheader", name="km").wait_for()
    assert table.root.locator("tbody tr").count() == 200
    assert "50 more rows" in table.result.inner_text()
    field.slider("size").fill("64")
    field.root.get_by_role("img", name="an image of 64 by 64 pixels").wait_for()
    corner = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 1, 1).data]"
    assert field.root.locator("canvas").evaluate(corner) == [255, 255, 255, 255]


def themes(page, wave: Shown) -> None:
    target = os.environ.get("MOJOCELL_SCREENSHOTS")
    assert wave.root.get_attribute("data-theme") == "light"
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    assert wave.result.evaluate("e => getComputedStyle(e).transitionDuration") in ("0s", "none")
    page.emulate_media(forced_colors="none", reduced_motion="no-preference")
    # What every front end does for a dark theme: text becomes light.
    wave.root.evaluate(
        "e => { e.parentElement.style.color = 'oklch(0.95 0 0)'; document.body.classList.toggle('x'); }"
    )
    page.wait_for_timeout(300)
    assert wave.root.get_attribute("data-theme") == "dark"
    wave.root.evaluate("e => { e.parentElement.style.color = ''; document.body.classList.toggle('x'); }")
    page.wait_for_timeout(300)
    assert wave.root.get_attribute("data-theme") == "light"
    if target:
        wave.root.screenshot(
            path=Path(target) / f"{os.environ['PYTEST_CURRENT_TEST'].split('[')[1][:9].strip()}.png"
        )


def test_a_kernel_that_was_restarted_is_told_of(lab, page) -> None:
    (lab.directory / "restarted.ipynb").write_text(
        notebook(["import mojocell as mc", "mc.interact(lambda n: 2 * n, n=(1, 9))"])
    )
    lab.open(page, "restarted.ipynb")
    page.get_by_text("Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    widget = Shown(page, 0)
    widget.shows("10")
    page.get_by_text("Kernel", exact=True).click()
    page.get_by_text("Restart Kernel…", exact=True).click()
    page.locator(".jp-Dialog button", has_text="Restart").click()
    widget.says("the kernel was restarted, or is gone: run the cell again")
    widget.slider("n").fill("3")
    widget.says("the kernel was restarted, or is gone: run the cell again")
    assert widget.stop.is_hidden()


def test_two_people_see_their_own(marimo, page) -> None:
    server = marimo("run", MARIMO)
    page.goto(server.url)
    first = widgets(page)
    other = page.context.new_page()
    other.goto(server.url)
    second = widgets(other)
    first[0].slider("n").fill("13")
    first[0].fails("no thirteen here")
    second[0].slider("n").fill("2")
    second[0].says("40 values")
    assert second[0].alert.inner_text() == ""
    other.get_by_text("40 values of 2").wait_for()
    first[1].root.get_by_role("combobox", name="start").select_option(label="1")
    first[1].says("running")
    second[1].root.get_by_role("combobox", name="start").select_option(label="-2")
    second[1].shows("0")
    first[1].stop.click()
    first[1].says("stopped")


def test_a_page_that_is_loaded_again_shows_where_it_was(marimo, page) -> None:
    page.goto(marimo("edit", MARIMO).url)
    wave = widgets(page)[0]
    wave.slider("n").fill("4")
    wave.says("80 values")
    page.reload()
    wave = widgets(page)[0]
    wave.says("80 values")
    assert wave.slider("n").input_value() == "4"
