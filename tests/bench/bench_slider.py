"""Key press to page in ``marimo run``: a slider on a Mojo function against the same slider on a Python function."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from typing import Any

from browser import free_port, new_page, wait_for
from frame import Pair, Row, private_place

PRESSES = 150

NOTEBOOK = '''
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import mojocell as mc
    return mc, mo


@app.cell
def _(mc):
    compiled = mc.cell(r"""
def next_of(n: Int) -> Int:
    return n + 1
""")
    next_of = compiled.next_of
    return (next_of,)


@app.cell
def _():
    def following(n):
        return n + 1
    return (following,)


@app.cell
def _(mo):
    first = mo.ui.slider(0, 1000, label="Python")
    first
    return (first,)


@app.cell
def _(mo):
    second = mo.ui.slider(0, 1000, label="Mojo")
    second
    return (second,)


@app.cell
def _(first, following, mo):
    mo.Html(f"<pre id='python'>{following(first.value)}</pre>")
    return


@app.cell
def _(mo, next_of, second):
    mo.Html(f"<pre id='mojo'>{next_of(second.value)}</pre>")
    return


if __name__ == "__main__":
    app.run()
'''

OBSERVE = """
() => {
  window.began = 0; window.wanted = null; window.took = null;
  addEventListener('keydown', () => { window.began = performance.now(); }, true);
  new MutationObserver(() => {
    if (window.wanted === null) return;
    const found = document.getElementById(window.wanted.id);
    if (found && found.textContent === window.wanted.text) {
      window.took = performance.now() - window.began; window.wanted = null;
    }
  }).observe(document.documentElement, {subtree: true, childList: true, characterData: true});
}
"""


def press(page: Any, number: int, name: str, value: int) -> float:
    """Presses the right arrow on a slider and gives the seconds until the page shows what follows ``value``."""
    page.locator("marimo-slider [role=slider]").nth(number).focus()
    page.evaluate(
        "want => { window.took = null; window.wanted = want; }", {"id": name, "text": str(value + 1)}
    )
    page.keyboard.press("ArrowRight")
    page.wait_for_function("window.took !== null", timeout=30000)
    return page.evaluate("window.took") / 1e3


def measure() -> list[Row]:
    with private_place() as place:
        (place / "slider.py").write_text(NOTEBOOK)
        port = free_port()
        words = [
            sys.executable,
            "-m",
            "marimo",
            "-q",
            "run",
            "--headless",
            "--no-token",
            "--port",
            str(port),
            "slider.py",
        ]
        env = os.environ | {"XDG_CONFIG_HOME": str(place / "config")}
        server = subprocess.Popen(
            words, cwd=place, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            with new_page() as page:
                page.goto(f"http://127.0.0.1:{port}/")
                page.wait_for_selector("#mojo", timeout=60000)
                page.wait_for_selector("#python")
                page.wait_for_timeout(1000)
                page.evaluate(OBSERVE)
                pair = Pair([], [])
                for value in range(1, PRESSES + 11):
                    order = [(0, "python", pair.peer), (1, "mojo", pair.subject)]
                    for number, name, times in order if value % 2 else reversed(order):
                        took = press(page, number, name, value)
                        if value > 10:
                            times.append(took)
        finally:
            server.terminate()
            server.wait()
    ratio = statistics.median(pair.subject) / statistics.median(pair.peer)
    what = "slider in marimo run, key press to page: Mojo / Python"
    return [Row(what, ratio, "ratio", 1.05, pair.detail(), PRESSES)]
