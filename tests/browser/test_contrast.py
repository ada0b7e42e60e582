"""Everything that is ours on a page meets AA, in light and in dark: by axe-core, and by the colours that are painted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from contrast import check, ratios
from playwright.sync_api import expect

import mojocell as mc
from mojocell.core.machine import Machine
from mojocell.core.printed import Chunk
from mojocell.core.result import RunResult
from mojocell.hosts.marimo import _alert
from mojocell.profiling import Profile, Stage
from mojocell.show import graph, html, layout

# --- pieces of HTML, wherever they are shown ----------------------------------------------------

#: Ground and text of front ends, and of two others.
THEMES = {
    "jupyterlab-light": ("#ffffff", "rgba(0, 0, 0, 0.87)"),
    "jupyterlab-dark": ("#111111", "rgba(255, 255, 255, 1)"),
    "marimo-dark": ("#181c1a", "#f1f3f2"),
    "vscode-dark": ("#1e1e1e", "#cccccc"),
    "github-dark": ("#0d1117", "#e6edf3"),
    "solarized-like": ("#fdf6e3", "#3c4a50"),
}


def diagnostic(kind: str, line: int, **more: Any) -> dict[str, Any]:
    place = {"line": line, "column": 5, "end_line": line, "end_column": 9}
    return {"kind": kind, "message": f"{kind} <of> this", **place, **more}


def failing(code: str, **more: Any) -> RunResult:
    said = [
        diagnostic("error", 2, notes=[{"message": "candidate", "line": 1, "column": 1}], hint="write this"),
        diagnostic(
            "error", 1, fixits=[{"line": 1, "column": 1, "end_line": 1, "end_column": 4, "text": "def"}]
        ),
        diagnostic("warning", 1),
    ]
    failure = {"code": code, "message": "index 9 is out of bounds", "line": 2, "column": 5, "hint": "a hint"}
    wire = {"ok": False, "failure": failure, "diagnostics": said if code == "compile_failed" else [], **more}
    printed = [Chunk((b"printed\n", b"complained\n"), "stdout", [8, 11])]
    return RunResult(wire, printed, source="def main():\n    print(values[9])")


def pieces() -> list[str]:
    """Every piece of HTML that the package makes."""
    machine = Machine("A processor", "x86_64", "a-target", (), 1, 2, 2, None)
    stages = [Stage("call", 1e-6, 0.02, "in rounds"), Stage("function", 1e-7, None, "the rest", part=True)]
    warned = RunResult({"diagnostics": [diagnostic("warning", 1)], "returncode": 0, "times": {"run": 1e-3}})
    compiled, crashed = failing("compile_failed"), failing("crashed", signal=4)
    widgets = [
        mc.interact(lambda n: [{"i": i} for i in range(n)], n=3),
        mc.interact(lambda n: [1.0, 2.0, n], n=3),
        mc.interact(lambda n: 1 // n, n=0),
        mc.interact(lambda n: n, n=1),
    ]
    stills = [widget._repr_mimebundle_()[0]["text/html"] for widget in widgets]
    for widget in widgets:
        widget.close()
    return [
        *(result._repr_html_() for result in (warned, compiled, crashed)),
        *(_alert(result.error, None) for result in (compiled, crashed)),
        Profile("a function", stages, machine)._repr_html_(),
        mc.compare(abs, abs, sizes=[1, 10], rounds=1)._repr_html_(),
        html.bundle("running", dim=True)["text/html"],
        layout.html([[("note", "1 repair")], [("dim", "and more")], [("fix", "fix-it")]]),
        graph.picture([graph.Node("In [1]", ["area"], {}), graph.Node("In [2]", [], {0: ["area"]})]),
        graph.table([("name", "from"), ("area", "In [1]")]),
        *stills,
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_pieces_of_html_can_be_read_on_every_ground(page, theme: str) -> None:
    ground, text = THEMES[theme]
    body = "".join(f"<section>{piece}</section>" for piece in pieces())
    page.set_content(
        f'<!doctype html><html lang="en"><head><title>{theme}</title></head>'
        f'<body style="background: {ground}; color: {text}"><main>{body}</main></body></html>'
    )
    assert len(ratios(page, "main")) > 60
    assert check(page, "main") >= 4.5


def test_what_cannot_be_read_would_be_found(page) -> None:
    page.set_content(
        '<html lang="en"><title>t</title><body style="background:#111"><p style="color:#c62828">x</p>'
    )
    (found,) = ratios(page, "p")
    assert 3.2 < found["ratio"] < 3.5
    page.set_content('<html lang="en"><title>t</title><body><p style="opacity:.5">x</p>')
    assert 3.9 < ratios(page, "p")[0]["ratio"] < 4.1
    with pytest.raises(AssertionError):
        check(page, "p")


# --- Jupyter ------------------------------------------------------------------------------------

CELLS = [
    "%load_ext mojocell\nimport mojocell as mc",
    "%%mojo\nfn main():\n    print(nothing)",
    "%%mojo\ndef main():\n    var unused = 1\n    var values: List[Int] = [1, 2]\n    print(values[len(values) + 3])",
    "%%mojo\nfn twice(n: Int) -> Int:\n    var unused = 1\n    return 2 * n",
    "%mojo_who",
    "mc.profile(twice, 21, rounds=1)",
    "mc.compare(abs, abs, args=(1,), rounds=1)",
    "mc.interact(twice, n=(1, 9))",
    "mc.interact(lambda n: 1 // n, n=0)",
]


def notebook() -> str:
    made = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {"tags": ["raises-exception"]},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(CELLS)
    ]
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5})


def choose_theme(directory: Path, name: str) -> None:
    place = directory / ".config/lab/user-settings/@jupyterlab/apputils-extension"
    place.mkdir(parents=True, exist_ok=True)
    (place / "themes.jupyterlab-settings").write_text(json.dumps({"theme": name}))


OURS = ".jp-OutputArea-output .mojocell, .mojocell-profile, .mojocell-compare, .mojocell-interact, .mojocell-repair"
TRACEBACK = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]'


@pytest.mark.parametrize(
    ("application", "theme"),
    [
        ("lab", "JupyterLab Dark"),
        pytest.param("lab", "JupyterLab Light", marks=pytest.mark.long),
        pytest.param("notebook", "JupyterLab Light", marks=pytest.mark.long),
        pytest.param("notebook", "JupyterLab Dark", marks=pytest.mark.long),
    ],
)
def test_jupyter(lab, page, application: str, theme: str) -> None:
    choose_theme(lab.directory, theme)
    name = f"{application}-{theme.split()[1]}.ipynb"
    (lab.directory / name).write_text(notebook())
    if application == "lab":
        lab.open(page, name)
    else:
        page.goto(f"{lab.url}/notebooks/{name}?token=tok")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    is_light = "true" if "Light" in theme else "false"
    page.wait_for_function("is => document.body.dataset.jpThemeLight === is", arg=is_light)
    page.get_by_text("Run", exact=True).first.click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    expect(page.locator(".mojocell-interact")).to_have_count(2)
    expect(page.locator(".mojocell-interact [role=alert]").last).to_contain_text("ZeroDivisionError")
    expect(page.locator(".mojocell-repair")).to_have_count(2)
    expect(page.locator(TRACEBACK)).to_have_count(2)
    page.locator(".mojocell-error.mojocell-diagnostic").first.hover()
    expect(page.locator(".mojocell-tooltip")).to_have_count(1)
    check(page, ".mojocell-tooltip")
    check(page, f"{OURS}, {TRACEBACK}")


# --- marimo -------------------------------------------------------------------------------------

MARIMO = '''
# /// script
# [tool.marimo.display]
# theme = "{theme}"
# ///
import marimo

app = marimo.App()


@app.cell
def _():
    import mojocell as mc
    return (mc,)


@app.cell
def _(mc):
    mc.cell("""
    def main():
        var unused = 1
        print(6 * 7)
    """)
    return


@app.cell
def _(mc):
    module = mc.cell("""
    def at(n: Int) -> Int:
        var values: List[Int] = [1, 2]
        return values[n]
    """)
    module
    return (module,)


@app.cell
def _(mc):
    mc.cell("""
    def main():
        print(nothing)
    """)
    return


@app.cell
def _(module):
    module.at(9)
    return


@app.cell
def _(mc, module):
    mc.interact(module.at, n=(0, 1))
    return


@app.cell
def _(mc):
    mc.compare(abs, abs, args=(1,), rounds=1)
    return


if __name__ == "__main__":
    app.run()
'''


@pytest.mark.long
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("mode", ["run", "edit"])
def test_marimo(marimo, page, mode: str, theme: str) -> None:
    page.goto(marimo(mode, MARIMO.replace("{theme}", theme)).url)
    expect(page.locator(".mojocell-interact")).to_have_count(1)
    expect(page.locator("pre.mojocell", has_text="42")).to_have_count(1)
    expect(page.locator("body")).to_have_class(re.compile(theme))
    ours = "pre.mojocell, div.mojocell, .mojocell-compare"
    if mode == "run":
        alerts = page.get_by_role("alert").filter(has_text="Mojo")
        expect(alerts).to_have_count(2)
        ours += ', [role="alert"]'
    check(page, ours)
    check(page, ".mojocell-interact", within="marimo-anywidget")
