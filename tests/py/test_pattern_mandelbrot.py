"""The Mandelbrot set in Mojo: the twin's counts, and what is known of the set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mojocell import patterns
from mojocell.patterns import mandelbrot
from mojocell.patterns.mandelbrot import twin

pytestmark = pytest.mark.usefixtures("service")


def of_twin(width: int, height: int, limit: int, *, smooth: bool) -> np.ndarray:
    step = 3 / width
    found = np.empty(width * height)
    twin.image(-0.5 - step * (width - 1) / 2, step * (height - 1) / 2, step, width, limit, smooth, found)
    return found.reshape(height, width)


def test_every_function_of_the_file_is_bound_and_has_a_twin() -> None:
    mojo = patterns.module("mandelbrot")
    assert mojo.skipped == {}
    assert mojo.compiled.diagnostics == ()
    for name in mojo.functions:
        assert callable(getattr(twin, name)), name


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (64, 48), (601, 33)])
@pytest.mark.parametrize("smooth", [False, True])
def test_images_are_as_by_the_twin(size: tuple[int, int], smooth: bool) -> None:
    ours = mandelbrot.image(*size, limit=200, smooth=smooth)
    theirs = of_twin(*size, 200, smooth=smooth)
    # At the edge of the set a rounding decides, which two processors do not have to do alike.
    alike = np.isclose(ours, theirs, rtol=1e-6, atol=1e-6)
    assert alike.mean() > 0.99
    assert ours.shape == (size[1], size[0])


@given(st.floats(-2, 2), st.floats(-2, 2), st.integers(1, 300))
@settings(max_examples=100)
def test_a_point_is_a_pixel(x: float, y: float, limit: int) -> None:
    steps = mandelbrot.steps(x, y, limit)
    assert abs(steps - twin.steps(x, y, limit)) <= 1 or limit > 50
    assert 1 <= steps <= limit
    assert (
        mandelbrot.image(1, 1, x=x, y=y, span=1, limit=limit)[0, 0] == pytest.approx(steps, abs=1)
        or limit > 50
    )


def test_what_is_known_of_the_set_holds() -> None:
    counts = mandelbrot.image(301, 201, limit=500)
    assert (counts == counts[::-1]).mean() > 0.99  # it is symmetric, up to roundings at its edge
    x = -0.5 + 0.01 * (np.arange(301) - 150)
    y = 1.0 - 0.01 * np.arange(201)
    plane = x + 1j * y[:, None]
    bulb = np.abs(plane + 1) < 0.249
    cardioid = np.abs(1 - np.sqrt(1 - 4 * plane)) < 0.99
    assert (counts[bulb | cardioid] == 500).all()
    assert (counts[np.abs(plane) > 2.01] < 5).all()


def test_smooth_counts_have_no_bands() -> None:
    line = mandelbrot.image(4000, 1, x=-1.5, y=0.4, span=0.6, limit=400, smooth=True)[0]
    outside = line < 12
    steps = np.abs(np.diff(line))[outside[1:] & outside[:-1]]
    assert steps.max() < 0.2


def test_colours_are_bytes_and_the_set_is_black() -> None:
    counts = mandelbrot.image(60, 40, limit=50, smooth=True)
    colors = mandelbrot.colors(counts, 50)
    assert colors.dtype == np.uint8 and colors.shape == (40, 60, 3)
    assert (colors[counts >= 50] == 0).all()
    assert (colors[counts < 20].max(axis=1) > 0).all()


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"width": 0}, ValueError, "width must be at least 1"),
        ({"height": 1 << 20}, ValueError, "height must be at least 1 and at most 65536"),
        ({"limit": 0}, ValueError, "limit must be at least 1"),
        ({"span": 0}, ValueError, "span must be above 0"),
        ({"x": float("nan")}, ValueError, "x must be finite"),
        ({"width": 1.5}, TypeError, "width must be an int, not float"),
    ],
)
def test_what_is_no_image_is_refused(arguments: dict, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        mandelbrot.image(**arguments)
