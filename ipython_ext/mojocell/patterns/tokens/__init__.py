r"""Words of a text and how often each comes.

A word is a run of ASCII letters, digits and ``_``, and of all characters that are not ASCII: ``naïve``
and ``日本`` are words, and so is what other rules would take apart, such as ``“quoted”`` with
typographic quotes. ASCII letters are compared without case, others as they are. Of bytes that are no
UTF-8 the wrong ones are shown as ``\ufffd``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mojocell.patterns import _check
from mojocell.patterns._load import module

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Text = str | bytes | bytearray | memoryview

__all__ = ["count", "spans", "top", "words"]


def words(text: Text) -> list[str]:
    """Return the words of a text, in their order and as they are written.

    Parameters
    ----------
    text : str or bytes-like
        Bytes are UTF-8.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        The text is neither.

    Examples
    --------
    >>> from mojocell.patterns import tokens
    >>> tokens.words("To be, or not to be: that's naïve_2.")
    ['To', 'be', 'or', 'not', 'to', 'be', 'that', 's', 'naïve_2']
    """
    data = _bytes(text)
    ends = iter(module("tokens").spans(data).tolist())
    places = zip(ends, ends, strict=True)
    if isinstance(text, str) and text.isascii():  # a byte is a character
        return [text[start:end] for start, end in places]
    raw = data.tobytes()
    return [raw[start:end].decode("utf-8", "replace") for start, end in places]


def spans(text: Text) -> NDArray[np.int64]:
    """Return where the words of a text are.

    Parameters
    ----------
    text : str or bytes-like
        As for `words`.

    Returns
    -------
    ndarray of int64, shape (words, 2)
        Begin and end of each in its UTF-8, in bytes.

    Raises
    ------
    TypeError
        The text is neither.

    Examples
    --------
    >>> from mojocell.patterns import tokens
    >>> tokens.spans("a bc").tolist()
    [[0, 1], [2, 4]]
    """
    return np.asarray(module("tokens").spans(_bytes(text)), dtype=np.int64).reshape(-1, 2)


def count(text: Text) -> dict[str, int]:
    """Return how often each word comes, in the order in which they come first.

    Parameters
    ----------
    text : str or bytes-like
        As for `words`.

    Returns
    -------
    dict of str to int
        By the word, its ASCII letters small.

    Raises
    ------
    TypeError
        The text is neither.

    Examples
    --------
    >>> from mojocell.patterns import tokens
    >>> tokens.count("To be, or not to be")
    {'to': 2, 'be': 2, 'or': 1, 'not': 1}
    """
    data = _bytes(text)
    return _named(data, module("tokens").counts(data))


def top(text: Text, most: int = 10) -> list[tuple[str, int]]:
    """Return the words that come most often, the most frequent first, of equals the one that comes first.

    Parameters
    ----------
    text : str or bytes-like
        As for `words`.
    most : int
        How many.

    Returns
    -------
    list of (str, int)

    Raises
    ------
    TypeError, ValueError
        The text is neither; ``most`` is no int from 0.

    Examples
    --------
    >>> from mojocell.patterns import tokens
    >>> tokens.top("To be, or not to be", 2)
    [('to', 2), ('be', 2)]
    """
    data, kept = _bytes(text), _check.whole("most", most, 0)
    return list(_named(data, module("tokens").top(data, kept)).items())


def _bytes(text: Text) -> NDArray[np.uint8]:
    if isinstance(text, str):
        text = text.encode("utf-8", "replace")
    elif not isinstance(text, bytes | bytearray | memoryview):
        msg = f"text must be str or bytes, not {type(text).__name__}"
        raise TypeError(msg)
    return np.frombuffer(text, dtype=np.uint8)


def _named(data: NDArray[np.uint8], found: NDArray[np.int64]) -> dict[str, int]:
    """Return words with their counts; two that only wrong bytes tell apart are one."""
    raw = data.tobytes()
    named: dict[str, int] = {}
    for start, end, times in np.asarray(found, dtype=np.int64).reshape(-1, 3).tolist():
        word = raw[start:end].lower().decode("utf-8", "replace")
        named[word] = named.get(word, 0) + times
    return named
