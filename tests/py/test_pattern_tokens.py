"""Words in Mojo: what Python's `re` and `Counter` find."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojocell import patterns
from mojocell.patterns import tokens
from mojocell.patterns.tokens import twin

pytestmark = pytest.mark.usefixtures("service")

TEXTS = st.one_of(st.text(), st.text("aAbB zZ_9.é日-\n"))
RAW = st.one_of(st.binary(), TEXTS.map(lambda text: text.encode("utf-8", "replace")))


def array(raw: bytes) -> np.ndarray:
    return np.frombuffer(raw, np.uint8)


def test_every_function_of_the_file_is_bound_and_has_a_twin() -> None:
    mojo = patterns.module("tokens")
    assert mojo.skipped == {}
    assert mojo.compiled.diagnostics == ()
    for name in mojo.functions:
        assert callable(getattr(twin, name)), name


@given(RAW, st.integers(0, 9))
def test_any_bytes_are_as_by_the_twin(raw: bytes, most: int) -> None:
    mojo = patterns.module("tokens")
    assert list(mojo.spans(array(raw))) == twin.spans(raw)
    assert list(mojo.counts(array(raw))) == twin.counts(raw)
    assert list(mojo.top(array(raw), most)) == twin.top(raw, most)


@given(TEXTS)
def test_words_are_the_texts_own_and_are_counted(text: str) -> None:
    found = tokens.words(text)
    data = text.encode("utf-8", "replace")
    assert found == [word.decode() for word in twin.WORD.findall(data)]
    small = [word.encode().lower().decode() for word in found]
    assert tokens.count(text) == Counter(small)
    assert tokens.top(text, 5) == Counter(small).most_common(5)
    assert [data[a:b].decode() for a, b in tokens.spans(text)] == found


def test_many_words_find_their_places() -> None:
    generator = np.random.default_rng(1)
    text = " ".join(f"w{number}" for number in generator.zipf(1.3, 200_000))
    assert tokens.count(text) == Counter(text.split())
    assert tokens.top(text, 100) == Counter(text.split()).most_common(100)
    assert len(tokens.top(text, 10**9)) == len(set(text.split()))


def test_what_is_a_word_is_what_the_documentation_says() -> None:
    assert tokens.words("it's naïve—日本 x_1\N{NO-BREAK SPACE}y") == ["it", "s", "naïve—日本", "x_1\xa0y"]
    assert tokens.count("ÄÖ äö Äö") == {"ÄÖ": 1, "äö": 1, "Äö": 1}
    assert tokens.words(b"a\xffb \x80") == ["a\ufffdb", "\ufffd"]
    assert tokens.count(b"\x80 \x81") == {"\ufffd": 2}
    assert tokens.words("\ud800 x") == ["x"]
    assert tokens.words("") == [] and tokens.count(b"") == {} and tokens.top("...") == []
    assert tokens.words(memoryview(b"a b")) == tokens.words(bytearray(b"a b")) == ["a", "b"]


@pytest.mark.parametrize("text", [None, 3, ["a"], np.zeros(3)])
def test_what_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(TypeError, match="text must be str or bytes, not"):
        tokens.words(text)
    with pytest.raises(ValueError, match="most must be at least 0"):
        tokens.top("a", -1)
