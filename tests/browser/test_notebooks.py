"""The notebooks of the four patterns as a reader sees them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect
from servers import PATIENCE, ROOT

NOTEBOOKS = ROOT / "notebooks"


@pytest.fixture(autouse=True)
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers find the modules that stand beside the notebooks."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(NOTEBOOKS), os.environ.get("PYTHONPATH", "")]))


def picture(page, name: str) -> None:
    if "MOJOCELL_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["MOJOCELL_SCREENSHOTS"]) / f"{name}.png")


def test_a_slider_for_each_pattern(marimo, page) -> None:
    page.goto(marimo("run", NOTEBOOKS / "marimo_patterns.py").url)
    expect(page.locator("#uncached")).to_have_text("55")
    expect(page.locator("#cached")).to_have_text("338,350")
    expect(page.locator("#decorator")).to_have_text("is prime")
    sliders = page.locator("marimo-slider [role=slider]")
    sliders.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#uncached")).to_have_text("89")
    sliders.nth(1).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#cached")).to_have_text("348,551")
    sliders.nth(2).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#decorator")).to_have_text("is not prime")
    page.locator(".mojocell-interact input[type=range]").focus()
    page.keyboard.press("End")
    expect(page.get_by_text("Fibonacci(90) has 19 digits.")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("2880067194370816120")
    picture(page, "marimo-patterns")


@pytest.mark.timeout(400)
def test_the_benchmark_shows_its_table_and_its_chart(marimo, page) -> None:
    page.goto(marimo("run", NOTEBOOKS / "marimo_benchmark.py").url)
    counters = page.locator("#counters")
    expect(counters).to_contain_text("misses", timeout=5 * PATIENCE)  # eleven compilations
    hits, misses = (int(word) for word in counters.inner_text().split() if word.isdigit())
    assert hits >= 9
    assert misses >= 10
    expect(page.locator("img")).to_be_visible()
    expect(page.get_by_text("Measured on")).to_contain_text("Mojo 1.")
    for way in ("run", "cached", "decorator", "isolated", "inline", "Python"):
        expect(page.locator("td strong").get_by_text(way, exact=True)).to_be_visible()
    picture(page, "marimo-benchmark")


def test_python_and_mojo_stand_side_by_side(marimo, page) -> None:
    page.goto(marimo("run", NOTEBOOKS / "side_by_side.py").url)
    for name in ("fibonacci", "count_primes", "smooth", "mean"):
        verdict = page.locator(f"#speedup-{name}")
        expect(verdict).to_contain_text("as")
        assert float(verdict.inner_text().split()[0].replace(",", "")) > 0
    assert page.locator(".codehilite").count() == 8
    picture(page, "side-by-side")
