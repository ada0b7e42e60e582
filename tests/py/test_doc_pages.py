"""The blocks of the documentation's pages: what they show is what comes of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pages

ROOT = Path(__file__).resolve().parents[2]
ALL = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXECUTED = [page for page in ALL if pages.blocks(page)]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("page", EXECUTED, ids=name_of)
def test_what_a_page_shows_is_what_its_blocks_print(page: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    own = {name: str(tmp_path) for name in ("JUPYTER_CONFIG_DIR", "XDG_CONFIG_HOME", "IPYTHONDIR")}
    # A page may import what lies in notebooks/.
    own["PYTHONPATH"] = os.pathsep.join([str(ROOT / "notebooks"), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, pages.__file__, str(page)]
    done = subprocess.run(
        words, cwd=work, env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pages_that_are_for_newcomers_are_executed() -> None:
    names = {name_of(page) for page in EXECUTED}
    assert names >= {"README.md", "docs/index.md", "docs/first-ten-minutes.md", "docs/carries-over.md"}


@pytest.mark.parametrize("page", ALL, ids=name_of)
def test_a_reader_can_tell_what_each_block_of_a_page_is(page: Path) -> None:
    assert pages.complaints(page) == []


def test_the_formats_that_pages_show_can_be_read() -> None:
    readers = {"toml": tomllib.loads, "json": json.loads}
    found = [(name_of(page), block) for page in ALL for block in pages.fences(page) if block.kind in readers]
    assert found
    for name, block in found:
        assert readers[block.kind](block.source), f"{name}:{block.line}"


def write(page: Path, text: str) -> Path:
    page.write_text(text.replace("'''", "```"))
    return page


def test_a_page_that_says_something_else_is_found(tmp_path: Path) -> None:
    page = write(
        tmp_path / "page.md",
        "'''python\nx = 1\n'''\n\n'''python\nx + 1\n'''\n\n'''text\n2\n'''\n\n"
        "'''python\nprint('wrong')\nx\n'''\n'''text\n1\n'''\n\n'''python\nint('a')\n'''\n",
    )
    assert [block.line for block in pages.blocks(page)] == [2, 6, 14, 22]
    first, second = pages.differences(page)
    assert first.startswith("page.md:14: ") and "wrong\n1\n" in first
    assert second.startswith("page.md:22: ") and "ValueError: invalid literal" in second


def test_commands_and_files_of_a_page_are_entered_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = write(
        tmp_path / "page.md",
        "'''python title=\"sub/a.py\"\nprint(6 * 7)\n'''\n\n"
        "'''console\n$ python sub/a.py\n42\n$ ls sub\nb.py\n$ false\n'''\n\n"
        "'''console\n$ exit 3 # exits with 3\n$ cat <<< 'two\n> words'\ntwo\nwords\n'''\n\n"
        "'''console\n$ exit 4\n'''\n\n"
        "'''sh title=\"Not run: it would fail\"\nfalse\n'''\n",
    )
    first, second = pages.differences(page)
    assert first.startswith("page.md:6: ") and first.endswith("$ ls sub\nprints\na.py\n")
    assert second.startswith("page.md:22: ") and "exits with 4" in second


def test_a_page_with_magics_is_executed_by_a_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = write(
        tmp_path / "page.md",
        "'''python\n%env FOUND=yes\n'''\n'''text\nenv: FOUND=yes\n'''\n\n'''python\n1 / 0\n'''\n"
        "'''text\nZeroDivisionError: division by zero\n'''\n\n'''python\n%pwd\n'''\n'''text\n'elsewhere'\n'''\n",
    )
    (told,) = pages.differences(page)
    assert told.startswith("page.md:16: ") and str(tmp_path) in told


def test_a_block_of_which_nobody_knows_whether_it_works_is_found(tmp_path: Path) -> None:
    page = write(
        tmp_path / "page.md",
        "'''py\nx\n'''\n\n'''python title=\"Perhaps\"\nx\n'''\n\n'''mojo\ndef f():\n    pass\n'''\n\n"
        "'''mojo title=\"f.mojo\"\ndef f():\n    pass\n'''\n\n'''text\nx\n'''\n",
    )
    told = pages.complaints(page)
    assert [text.partition(": ")[0] for text in told] == ["page.md:2", "page.md:6", "page.md:10"]


def test_a_page_tells_which_extra_each_block_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = write(
        tmp_path / "page.md",
        "## One\n\n'''python\n%pwd\n'''\n\n'''python\n1\n'''\n\n'''console\n$ false\n'''\n\n"
        "## Two\n\n'''python\n1\n'''\n\n"
        "## Three\n\n'''python title=\"a.py\"\nimport marimo\n'''\n\n'''console\n$ exit 3\n'''\n",
    )
    every = pages.fences(page)
    told = [pages.extra_of(block, every) for block in every if block.executed]
    assert told == ["jupyter", "jupyter", "mojo", "mojo", "marimo"]
    lines = {extra: [d.split(":")[1] for d in pages.differences(page, extra)] for extra in ("mojo", "marimo")}
    assert lines == {"mojo": ["12", "18"], "marimo": ["12", "18", "28"]}


#: Installing from an index, which has no Mojocell yet.
FROM_INDEX = re.compile(r"(?:pip install|pip download|uv add)\b.*['\" ]mojocell(?:['\" \[`]|$)")


def test_no_page_installs_what_no_index_has() -> None:
    found = {
        name_of(page): [
            line for line in page.read_text().splitlines() if FROM_INDEX.search(line) and " @ " not in line
        ]
        for page in ALL
    }
    # Each once, as what will be the line; and once from a folder of wheels.
    assert {name: len(lines) for name, lines in found.items() if lines} == {
        "README.md": 1,
        "docs/howto/install.md": 2,
    }
    assert "once it is published, the line is `pip install 'mojocell[" in (ROOT / "README.md").read_text()
    install = (ROOT / "docs" / "howto" / "install.md").read_text()
    assert "## Once it is published" in install and "--no-index --find-links" in install
