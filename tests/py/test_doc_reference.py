"""The reference has every public name, every option and every setting."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

import mojocell
import mojocell.compat
import mojocell.widgets
from mojocell import cli, options, settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = "\n".join(page.read_text() for page in sorted((DOCS / "reference").glob("*.md")))
MAGICS = (DOCS / "reference" / "magics.md").read_text()
COMMANDS = (DOCS / "reference" / "command-line.md").read_text()


@pytest.mark.parametrize("name", mojocell.__all__)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    described = re.search(rf"^::: mojocell\.{name}$|`mojocell\.{name}`", REFERENCE, re.MULTILINE)
    member = name in mojocell.errors.__dict__ and "::: mojocell.errors" in REFERENCE
    assert described or member


def test_every_public_name_of_the_widgets_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "widgets.md").read_text()
    for name in mojocell.widgets.__all__:
        assert re.search(rf"\b{name}\b", page), name


def test_every_name_of_py_run_mojo_is_in_the_reference() -> None:
    assert "::: mojocell.compat" in REFERENCE
    for name in mojocell.compat.__all__:
        assert getattr(mojocell.compat, name).__doc__, name


def test_every_attribute_of_a_mojo_function_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "functions.md").read_text()
    # What a Library is, is the package's own business.
    for name in set(vars(mojocell.MojoFunction)) - {"library"}:
        assert name.startswith("_") or f"`f.{name}" in page, name


def rows(text: str) -> dict[str, str]:
    """Return the rows of a page's tables: what they are about, and what they say."""
    found = re.findall(r"^\| (`[^|]+`) \| (.+) \|$", text, re.MULTILINE)
    return {word: said for words, said in found for word in re.findall(r"`([^` ]+)", words)}


def test_every_option_of_every_magic_is_in_the_reference_with_its_help() -> None:
    sections = re.split(r"^## `(%+\w+)", MAGICS, flags=re.MULTILINE)
    told = dict(zip(sections[1::2], sections[2::2], strict=True))
    groups = {
        "%%mojo": options.CELL,
        "%mojo_run": options.RUN + options.COMPILE + options.NOTEBOOK,
        "%mojo_cache": options.CACHE,
        "%mojo_source": options.SOURCE,
    }
    for magic, group in groups.items():
        page = rows(told[magic])
        for names, keywords in group:
            for name in names:
                assert page.get(name) == keywords["help"], (magic, name)


def test_every_command_and_option_of_the_shell_is_in_the_reference() -> None:
    page = rows(COMMANDS)
    parts = re.split(r"^## `mojocell (\w+)", COMMANDS, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    commands = subparsers(cli.parser())
    for choice in commands._choices_actions:
        assert page[choice.dest] == choice.help
        assert choice.dest in sections
    install = subparsers(commands.choices["kernel"]).choices["install"]
    for section, command in (("run", commands.choices["run"]), ("kernel", install)):
        told = rows(sections[section])
        for action in command._actions:
            for name in set(action.option_strings) - {"-h", "--help"}:
                assert told[name] == action.help, name


def subparsers(parser: argparse.ArgumentParser) -> argparse._SubParsersAction:
    """Return the commands of a parser."""
    (found,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return found


def test_every_setting_is_on_its_page() -> None:
    page = (DOCS / "settings.md").read_text()
    for key in settings.SETTINGS:
        assert f"| `{key}` |" in page, key
