"""Widgets, key press to page: `mc.interact` against the sliders that notebooks have, in marimo and in JupyterLab."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import free_port, new_page, new_pages, wait_for
from frame import Pair, Row, private_place

PRESSES = 120
SOURCE = 'compiled = mc.compile("def next_of(n: Int) -> Int:\\n    return n + 1")'

MARIMO = f"""
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import mojocell as mc
    return mc, mo


@app.cell
def _(mc):
    {SOURCE}
    widget = mc.interact(compiled.next_of, n=(0, 1000))
    widget
    return (widget,)


@app.cell
def _(mo):
    slider = mo.ui.slider(0, 1000, value=500)
    slider
    return (slider,)


@app.cell
def _(mo, slider):
    mo.Html(f"<pre id='peer'>{{slider.value + 1}}</pre>")
    return


if __name__ == "__main__":
    app.run()
"""

OURS = f"import mojocell as mc\n{SOURCE}\nmc.interact(compiled.next_of, n=(0, 1000))"
PEER = """import ipywidgets
from IPython.display import display
slider = ipywidgets.IntSlider(500, 0, 1000)
shown = ipywidgets.HTML("<pre id='peer'>501</pre>")
slider.observe(lambda change: setattr(shown, "value", f"<pre id='peer'>{change.new + 1}</pre>"), "value")
display(slider, shown)"""

# Watches an element until it says what is wanted, and notes every text that it shows.
OBSERVE = """
() => {
  window.began = 0; window.wanted = null; window.took = null; window.seen = [];
  const found = () => {
    const roots = [document, ...[...document.querySelectorAll('marimo-anywidget')].map(e => e.shadowRoot).filter(Boolean)];
    for (const root of roots) {
      const element = root.querySelector(window.selector);
      if (element) return element;
    }
  };
  window.look = () => {
    const text = found()?.textContent;
    if (text === undefined) return;
    const now = performance.now();
    if (window.seen.at(-1)?.[1] !== text) window.seen.push([now, text]);
    if (window.wanted !== null && text === window.wanted) { window.took = now - window.began; window.wanted = null; }
  };
  addEventListener('keydown', () => { window.began = performance.now(); }, true);
  const observer = new MutationObserver(window.look);
  const watch = (root) => observer.observe(root, {subtree: true, childList: true, characterData: true});
  watch(document.documentElement);
  for (const host of document.querySelectorAll('marimo-anywidget')) if (host.shadowRoot) watch(host.shadowRoot);
}
"""
SUBJECT = ".mojocell-text"


class Side:
    """A slider on the page, and where its result is shown."""

    def __init__(self, page: Any, slider: Any, selector: str) -> None:
        self.page, self.slider, self.selector = page, slider, selector
        self.value = 0

    def ready(self) -> None:
        """Put it at its low end."""
        self.page.evaluate("s => { window.selector = s; window.wanted = null; }", self.selector)
        self.slider.focus()
        self.slider.press("Home")
        self.value = 0
        self._until("1")

    def press(self) -> float:
        """Press the right arrow once; return the seconds until the page shows what follows."""
        self.value += 1
        self.slider.focus()
        self.page.evaluate(
            "([s, t]) => { window.selector = s; window.took = null; window.wanted = t; }",
            [self.selector, str(self.value + 1)],
        )
        self.page.keyboard.press("ArrowRight")
        self.page.wait_for_function("window.took !== null", timeout=30000)
        return float(self.page.evaluate("window.took")) / 1e3

    def _until(self, text: str) -> None:
        self.page.evaluate("t => { window.took = null; window.wanted = t; window.look(); }", text)
        self.page.wait_for_function("window.took !== null", timeout=30000)


def in_turn(subject: Side, peer: Side, presses: int = PRESSES) -> Pair:
    """Press both in turn, each first as often as the other."""
    pair = Pair([], [])
    for side in (subject, peer):
        side.ready()
    for number in range(presses + 10):
        sides = [(subject, pair.subject), (peer, pair.peer)]
        for side, times in sides if number % 2 else reversed(sides):
            took = side.press()
            if number >= 10:
                times.append(took)
    return pair


def row(what: str, pair: Pair, target: float) -> Row:
    ratio = statistics.median(pair.subject) / statistics.median(pair.peer)
    return Row(what, ratio, "ratio", target, pair.detail(), len(pair.subject))


# --- bursts -----------------------------------------------------------------------------------------


def late(page: Any, ended: float, last: str) -> tuple[float, int]:
    """Return the ms from the last input until the right text, and how many other texts came after it."""
    page.wait_for_timeout(600)
    seen = page.evaluate("window.seen")
    right = [moment for moment, text in seen if text == last]
    if not right or seen[-1][1] != last:
        return float("inf"), len(seen)
    return max(0.0, right[0] - ended), sum(moment > right[0] for moment, _ in seen)


def burst(side: Side, presses: int = 90, hertz: float = 30) -> tuple[float, int, int]:
    """Press so often in a second; return lateness, what was stale, and how many values were shown."""
    side.ready()
    side.page.evaluate("window.seen = []")
    began = time.perf_counter()
    for number in range(presses):
        side.page.keyboard.press("ArrowRight")
        time.sleep(max(0.0, began + (number + 1) / hertz - time.perf_counter()))
    ended = side.page.evaluate("window.began")
    shown = len(side.page.evaluate("window.seen"))
    return (*late(side.page, ended, str(presses + 1)), shown)


def drag(side: Side, steps: int = 120) -> tuple[float, int, int]:
    """Drag the handle from one end towards the other; return as `burst`."""
    side.ready()
    box = side.slider.bounding_box()
    side.page.evaluate(
        "window.seen = []; addEventListener('pointermove', () => { window.moved = performance.now(); }, true)"
    )
    middle = box["y"] + box["height"] / 2
    side.page.mouse.move(box["x"] + 8, middle)
    side.page.mouse.down()
    for number in range(steps):
        side.page.mouse.move(box["x"] + 8 + (box["width"] - 16) * 0.9 * (number + 1) / steps, middle)
        time.sleep(1 / 60)
    ended = side.page.evaluate("window.moved")
    side.page.mouse.up()
    shown = len(side.page.evaluate("window.seen"))
    return (*late(side.page, ended, str(int(side.slider.input_value()) + 1)), shown)


def bursts(side: Side, where: str) -> list[Row]:
    rows = []
    for what, act, inputs in (
        ("90 key presses at 30 Hz", burst, 90),
        ("a mouse drag of 120 steps", drag, 120),
    ):
        lateness, stale, shown = act(side)
        detail = f"{shown} of {inputs} positions shown before the end, {stale} texts after the last one"
        rows.append(Row(f"{where}, {what}: the last value, after", lateness, "ms", 100, detail))
        rows.append(Row(f"{where}, {what}: stale values after it", stale, "", 0))
    return rows


# --- marimo -----------------------------------------------------------------------------------------


@contextmanager
def serving(words: list[str], place: Path, url: str, config: str = "config") -> Iterator[None]:
    env = os.environ | {
        "XDG_CONFIG_HOME": str(place / config),
        "JUPYTER_CONFIG_DIR": str(place / config),
        "IPYTHONDIR": str(place / "ipython"),
    }
    server = subprocess.Popen(words, cwd=place, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(url)
        yield
    finally:
        server.terminate()
        server.wait()


def in_marimo(place: Path) -> list[Row]:
    (place / "widget.py").write_text(MARIMO)
    port = free_port()
    words = [sys.executable, "-m", "marimo", "-q", "run", "--headless", "--no-token", "--port", str(port)]
    with serving([*words, "widget.py"], place, f"http://127.0.0.1:{port}/health"), new_page() as page:
        page.goto(f"http://127.0.0.1:{port}/")
        page.locator(SUBJECT).wait_for(timeout=60000)
        page.locator("#peer").wait_for()
        page.wait_for_timeout(1000)
        page.evaluate(OBSERVE)
        subject = Side(page, page.locator(".mojocell-interact input[type=range]"), SUBJECT)
        peer = Side(page, page.locator("marimo-slider [role=slider]"), "#peer")
        pair = in_turn(subject, peer)
        rows = [row("marimo run, key press to page: interact on Mojo / mo.ui.slider on Python", pair, 0.6)]
        return rows + bursts(subject, "marimo run")


# --- JupyterLab -------------------------------------------------------------------------------------


def cells(*sources: str) -> str:
    made = [
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
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5})


@contextmanager
def lab(page: Any, place: Path, name: str, source: str, *, nodelay: bool) -> Iterator[None]:
    """Show and run a notebook of one cell in a JupyterLab of its own."""
    (place / name).write_text(cells(source))
    port = free_port()
    config = place / f"config-{name}"
    config.mkdir()
    extensions = {"ServerApp": {"jpserver_extensions": {"mojocell.jupyter_server": nodelay}}}
    (config / "jupyter_server_config.json").write_text(json.dumps(extensions))
    words = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip", "127.0.0.1"]
    words += ["--port", str(port), "--IdentityProvider.token=tok", f"--ServerApp.root_dir={place}"]
    with serving(words, place, f"http://127.0.0.1:{port}/api?token=tok", config.name):
        page.goto(f"http://127.0.0.1:{port}/lab/tree/{name}?token=tok&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60000)
        page.wait_for_selector(
            ".jp-Notebook-ExecutionIndicator[data-status=idle]", state="attached", timeout=60000
        )
        page.wait_for_timeout(2000)
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").click()
        page.keyboard.press("Control+Enter")
        yield


def in_jupyterlab(place: Path) -> list[Row]:
    with (
        new_pages(2) as (own, stock),
        lab(own, place, "ours.ipynb", OURS, nodelay=True),
        lab(stock, place, "peer.ipynb", PEER, nodelay=False),
    ):
        own.locator(SUBJECT).wait_for(timeout=60000)
        stock.locator("#peer").wait_for(timeout=60000)
        for page in (own, stock):
            page.wait_for_timeout(1000)
            page.evaluate(OBSERVE)
        subject = Side(own, own.locator(".mojocell-interact input[type=range]"), SUBJECT)
        peer = Side(stock, stock.locator(".noUi-handle"), "#peer")
        pair = in_turn(subject, peer)
        what = "JupyterLab, key press to page: interact, TCP_NODELAY / IntSlider, stock server"
        return [row(what, pair, 0.5), *bursts(subject, "JupyterLab")]


def measure() -> list[Row]:
    with private_place() as place:
        return in_marimo(place) + in_jupyterlab(place)
