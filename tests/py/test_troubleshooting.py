"""Every message, hint and code of the package is on the page that explains them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import messages

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.md").read_text()
SPANS = {messages.plain(found[1]) for found in re.findall(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", PAGE)}


def test_messages_are_found_in_the_sources() -> None:
    every = messages.every()
    # One of each way to tell something, in C and in Python.
    assert set(every) >= {
        "no Mojo compiler found; looked at …",
        "pip install mojo",
        "let has been removed: write var",
        "the program was stopped after … s",
        "give it more time, or look for a loop that does not end",
        "Mojo wants …, got …; write …(…)",
        "it is async",
        "it uses threads",
        "look for a recursion that does not end",
        "there is no option …",
        "the cell that defines it did not compile; fix and run it",
        "the daemon ended while the program was running",
    }


@pytest.mark.parametrize("code", messages.codes())
def test_every_code_is_in_a_heading(code: str) -> None:
    assert re.search(rf"^\| .*\(`{code}`\)|^#.*`{code}`", PAGE, re.MULTILINE)


def test_every_message_and_hint_is_explained() -> None:
    missing = {said: name for said, name in messages.every().items() if said not in SPANS}
    assert missing == {}
