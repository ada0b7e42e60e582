"""A value of Python's inside a program: how it looks crosses, and text alone stays text."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest

from kernels import kernel
from mojocell.show import value


class Rich:
    """Has several looks, one of which fails."""

    def _repr_html_(self) -> str:
        return "<b>html</b>"

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return b"\x89PNG", {"width": 3}

    def _repr_svg_(self) -> str:
        raise ValueError("none")

    def __repr__(self) -> str:
        return "rich"


class Bundled:
    """Says all at once."""

    def _repr_mimebundle_(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"text/plain": "own", "application/x": {"a": 1}}, {"application/x": {"b": 2}}


class Row(list):  # type: ignore[type-arg]
    """A list with a look."""

    def _repr_html_(self) -> str:
        return f"<p>{len(self)}"


def given(found: object, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, Any]] | None:
    with value.taking() as taken:
        for name, path in taken.environment.items():
            monkeypatch.setenv(name, path)
        value.give(found)
        assert Path(path).exists()
        told = taken.bundle()
    assert not Path(path).exists()
    return told


@pytest.mark.parametrize(
    ("found", "data", "metadata"),
    [
        (
            Rich(),
            {
                "text/html": "<b>html</b>",
                "image/png": base64.b64encode(b"\x89PNG").decode(),
                "text/plain": "rich",
            },
            {"image/png": {"width": 3}},
        ),
        (Bundled(), {"text/plain": "own", "application/x": {"a": 1}}, {"application/x": {"b": 2}}),
        (Row([1, 2]), {"text/html": "<p>2", "text/plain": "[1, 2]"}, {}),
    ],
)
def test_what_a_value_looks_like_crosses(
    found: object, data: dict[str, Any], metadata: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert given(found, monkeypatch) == (data, metadata)


def test_a_figure_and_what_draws_in_one_are_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np
    from matplotlib.figure import Figure
    from matplotlib.image import imread

    figure = Figure()
    axes = figure.subplots()
    for found in (figure, axes, axes.plot([1, 2])):
        told = given(found, monkeypatch)
        assert told is not None
        assert imread(io.BytesIO(base64.b64decode(told[0]["image/png"]))).shape[0] > 100
    # An array whose look is text: what it has first is asked for nothing.
    with pytest.raises(TypeError):
        given(np.zeros(3), monkeypatch)


@pytest.mark.parametrize("found", [3, "text", [1, 2], Rich, ()])
def test_what_is_text_alone_is_refused(found: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError):
        given(found, monkeypatch)


def test_nothing_given_is_nothing_taken() -> None:
    with value.taking() as taken:
        assert taken.bundle() is None


def test_a_cell_with_the_magic_shows_it_and_a_script_prints(service: Path, tmp_path: Path) -> None:
    import mojocell

    source = (
        'from std.python import Python\nPython.import_module("pandas").Series(Python.list(1, 2)).to_frame()\n'
    )
    with kernel(tmp_path) as shell:
        shell.run("%load_ext mojocell")
        outcome = shell.run(f"%%mojo\n{source}", reader=False)
    shown = [content["data"] for _, kind, content in outcome.messages if kind == "display_data"]
    assert outcome.status == "ok", outcome.error
    assert len(shown) == 1 and "<table" in shown[0]["text/html"] and outcome.stream() == ""
    assert mojocell.run(f"\n{source}").stdout == "   0\n0  1\n1  2\n"
