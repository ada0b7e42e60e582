"""Enter to output in JupyterLab, seen by the browser."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from browser import free_port, new_page, wait_for
from frame import Pair, Row, private_place

OBSERVE = """
() => {
  window.began = null; window.took = [];
  addEventListener('keydown', e => { if (e.key === 'Enter' && e.ctrlKey) { window.began = performance.now(); } }, true);
  new MutationObserver(() => {
    if (window.began === null) return;
    for (const cell of document.querySelectorAll('.jp-Notebook .jp-CodeCell')) {
      const text = cell.querySelector('.jp-OutputArea-output pre')?.textContent ?? '';
      if (cell.dataset.armed && text.includes('42')) {
        window.took.push(performance.now() - window.began); window.began = null; delete cell.dataset.armed; return;
      }
    }
  }).observe(document.documentElement, {subtree: true, childList: true, characterData: true});
}
"""


def notebook() -> dict:
    cells = ["%load_ext mojocell", "%%mojo --quiet\ndef main():\n    print(42)", "print(42)"]
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{i}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for i, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def press(page: Any, number: int) -> float:
    """Clears the cell's output, presses Ctrl+Enter in it, and gives the seconds until the new output was there."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    cell.locator(".cm-content").click()
    before = page.evaluate("window.took.length")
    page.evaluate(
        "n => { const c = document.querySelectorAll('.jp-Notebook .jp-CodeCell')[n];"
        " c.querySelectorAll('.jp-OutputArea-output').forEach(o => o.textContent = ''); c.dataset.armed = 1; }",
        number,
    )
    page.keyboard.press("Control+Enter")
    page.wait_for_function("n => window.took.length > n", arg=before, timeout=60000)
    return page.evaluate("window.took[window.took.length - 1]") / 1e3


def presses(page: Any, url: str) -> Pair:
    page.goto(url)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", state="attached")
    time.sleep(2)
    page.locator(".jp-Notebook .jp-CodeCell").nth(0).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.evaluate(OBSERVE)
    press(page, 1)
    pair = Pair([], [])
    for _ in range(5):
        press(page, 1)
        press(page, 2)
    for _ in range(40):
        pair.subject.append(press(page, 1))
        pair.peer.append(press(page, 2))
    return pair


def measure() -> list[Row]:
    with private_place() as place:
        (place / "t.ipynb").write_text(json.dumps(notebook()))
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip", "127.0.0.1", "--port", str(port),
             "--IdentityProvider.token=tok", f"--ServerApp.root_dir={place}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token=tok")
            with new_page() as page:
                pair = presses(page, f"http://127.0.0.1:{port}/lab/tree/t.ipynb?token=tok&reset")
        finally:
            server.terminate()
            server.wait()
        above = (statistics.median(pair.subject) - statistics.median(pair.peer)) * 1e3
        return [
            Row("JupyterLab: cached cell, Enter to output, above print", above, "ms", 10, pair.detail(), 40)
        ]


if __name__ == "__main__":
    print(Path(__file__).name)
