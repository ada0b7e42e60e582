"""What the extras bring: all that their pages, notebooks and messages use, and a doctor who says what is missing."""

from __future__ import annotations

import ast
import json
from importlib import metadata
from pathlib import Path

import pytest

from mojocell import doctor, extras

ROOT = Path(__file__).resolve().parents[2]
#: What the standard library and the notebooks themselves bring is not asked of an extra.
OWN = {path.stem for path in (ROOT / "notebooks").iterdir()} | {"mojocell"}
#: Where it is there, the benchmark shows it as well; where it is not, it says so.
OPTIONAL = {"numba"}


def installed(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    """Let these packages have other versions, None for none."""
    real = metadata.version

    def version(name: str) -> str:
        found = versions[name] if name in versions else real(name)
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(metadata, "version", version)


def imports(source: str) -> set[str]:
    import sys

    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - OWN - OPTIONAL


def brought(extra: str) -> set[str]:
    lines = [
        text
        for text in metadata.requires("mojocell") or []
        if f"extra == '{extra}'" in text.replace('"', "'")
    ]
    return {extras.REQUIREMENT.fullmatch(line)["name"] for line in lines}  # type: ignore[index]


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
def test_the_jupyter_extra_brings_what_its_notebooks_import(notebook: Path) -> None:
    cells = json.loads(notebook.read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    python = "\n".join(
        line
        for text in code
        if not text.startswith("%%")
        for line in text.splitlines()
        if line[:1] not in "%!"
    )
    assert imports(python) <= brought("jupyter")


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda path: path.name)
def test_the_marimo_extra_brings_what_its_notebooks_import(notebook: Path) -> None:
    assert imports(notebook.read_text()) <= brought("marimo")


def test_both_bring_what_arrays_plots_and_widgets_take() -> None:
    for extra in ("jupyter", "marimo"):
        assert brought(extra) >= {"anywidget", "matplotlib", "numpy"}


def test_what_is_missing_or_too_old_is_told_with_the_line_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, numpy=None, anywidget="0.8.1", ipykernel="7.0")
    lacking = extras.missing("jupyter")
    assert [str(one) for one in lacking] == ["anywidget 0.8.1 (older than 0.9)", "numpy"]
    assert extras.pip_line(lacking) == "pip install 'anywidget>=0.9' numpy"
    assert extras.missing("no-such-extra") == []


def test_the_doctor_names_what_a_front_end_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, numpy=None, matplotlib=None)
    for check in (doctor._jupyter, doctor._marimo):
        line = check({}).line()
        assert line.startswith("FAIL") and "lacks matplotlib, numpy" in line
        assert line.endswith("-> pip install matplotlib numpy")


def test_the_doctor_asks_nothing_for_a_front_end_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, marimo=None, ipykernel=None, jupyterlab=None)
    for check, name in ((doctor._jupyter, "ipykernel"), (doctor._marimo, "marimo")):
        line = check({}).line()
        assert line.startswith("skip") and f"{name} is not installed here -> pip install " in line


def test_a_kernel_without_jupyterlab_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, jupyterlab=None)
    assert doctor._jupyter({}).ok is True
