"""The blocks of the documentation's pages: what they show is what comes of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("name", ["functions.md", "arrays.md", "widgets.md", "patterns/monte_carlo.md"])
def test_what_a_page_shows_is_what_its_blocks_print(name: str, tmp_path: Path) -> None:
    assert len(pages.blocks(DOCS / name)) >= 4
    words = [sys.executable, pages.__file__, str(DOCS / name)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_page_that_says_something_else_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nx = 1\n```\n\n```python\nx + 1\n```\n\n```text\n2\n```\n\n"
        "```python\nprint('wrong')\nx\n```\n```text\n1\n```\n\n```python\nint('a')\n```\n"
    )
    assert [block.line for block in pages.blocks(page)] == [2, 6, 14, 22]
    first, second = pages.differences(page)
    assert first.startswith("page.md:14: ") and "wrong\n1\n" in first
    assert second.startswith("page.md:22: ") and "ValueError: invalid literal" in second
