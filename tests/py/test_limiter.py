"""Output: the limit, decoding across pieces, the two streams."""

from __future__ import annotations

import io
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojocell.show import words
from mojocell.show.output import Echo, Limiter

pieces = st.lists(st.text(st.sampled_from("ab\n火\t"), max_size=40), max_size=30)


def shown(text: list[str], head: int, tail: int) -> tuple[str, Limiter]:
    limiter = Limiter(head, tail)
    return "".join(limiter.feed(piece) for piece in text) + limiter.finish(), limiter


@given(pieces, st.integers(0, 60), st.integers(0, 30))
def test_what_fits_is_shown_whole_and_the_rest_is_counted(text: list[str], head: int, tail: int) -> None:
    whole = "".join(text)
    seen, limiter = shown(text, head, tail)
    if len(whole) <= head + tail:
        assert seen == whole
        assert limiter.left_out == 0
        return
    match = re.fullmatch(r"(.*?)\n?… ([\d,]+) characters.* left out here; .* …\n(.*)", seen, re.DOTALL)
    assert match is not None
    assert seen.startswith(whole[:head])
    end = match.group(3)
    assert whole.endswith(end)
    assert len(end) <= tail
    assert limiter.left_out == len(whole) - head - len(end) == int(match.group(2).replace(",", ""))


@given(pieces, st.integers(0, 60), st.integers(0, 30))
def test_how_the_text_is_cut_into_pieces_makes_no_difference(text: list[str], head: int, tail: int) -> None:
    assert shown(text, head, tail)[0] == shown(["".join(text)], head, tail)[0]


def test_the_notice_counts_lines_and_says_how_to_get_all() -> None:
    seen, _ = shown([f"{n}\n" for n in range(1000)], 100, 40)
    assert "lines left out here" in seen
    assert "--out NAME" in seen
    assert seen.endswith("998\n999\n")
    assert seen.startswith("0\n1\n2\n")


def test_a_character_that_is_cut_by_two_pieces_arrives_whole(capsys: pytest.CaptureFixture[str]) -> None:
    echo = Echo()
    for byte in "火é🔥".encode():
        echo.output("stdout", bytes([byte]))
    echo.close()
    assert capsys.readouterr().out == "火é🔥"


def test_bytes_that_are_no_text_are_replaced_and_the_rest_survives(
    capsys: pytest.CaptureFixture[str],
) -> None:
    echo = Echo()
    echo.output("stdout", b"a\xff\xfeb")
    echo.output("stderr", b"c\xe7\x81")
    echo.close()
    assert capsys.readouterr() == ("a\ufffd\ufffdb", "c\ufffd")


def test_a_stream_that_cannot_print_a_character_prints_its_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    echo = Echo()
    echo.output("stdout", "π".encode())
    echo.close()
    assert raw.getvalue() == b"\\u03c0"


def test_seventeen_megabytes_stay_far_below_what_a_notebook_server_lets_through(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held: list[int] = []
    echo = Echo(262144, held.append)
    block = b"x" * 99 + b"\n"
    for _ in range(1700):
        echo.output("stdout", block * 100)
    echo.close()
    text = capsys.readouterr().out
    assert len(text) < 300_000
    assert "16.7 million characters in 167" in text
    assert held[-1] > 16_000_000


@given(st.floats(0, 1e5))
def test_durations_are_short_and_have_a_unit(seconds: float) -> None:
    assert re.fullmatch(r"\d+ µs|\d\.\d ms|\d+ ms|\d+\.\d s|\d+ min \d+ s", words.duration(seconds))
