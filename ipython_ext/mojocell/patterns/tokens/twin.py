"""Words and their counts with Python's `re` and `Counter`: the functions that ``tokens.mojo`` has."""

from __future__ import annotations

import re
from collections import Counter

WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")


def spans(text: bytes) -> list[int]:
    """Return where each word begins and ends, in bytes, one after the other."""
    return [place for found in WORD.finditer(text) for place in found.span()]


def counts(text: bytes) -> list[int]:
    """Return begin and end of the first of each word and how often it comes, one after the other."""
    lower = text.lower()
    counted = Counter(WORD.findall(lower))
    first: dict[bytes, tuple[int, int]] = {}
    for found in WORD.finditer(lower):
        first.setdefault(found[0], found.span())
    return [number for word, count in counted.items() for number in (*first[word], count)]


def top(text: bytes, most: int) -> list[int]:
    """Return the same of the words that come most often, the most frequent first."""
    words = counts(text)
    order = sorted(range(len(words) // 3), key=lambda number: -words[3 * number + 2])
    return [word for number in order[:most] for word in words[3 * number : 3 * number + 3]]
