"""What a difference between Python's numbers and Mojo's may come from, where no answer need be wrong."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Pair = tuple[Any, Any]

#: The largest relative error of Mojo 1.2's coarse functions; that of a single rounding is 1e-16.
COARSE = 1e-7
#: What is left of a difference that cancels: some roundings of numbers near 1.
CANCELLED = 1e-13
_WORD = 1 << 64

_COARSE = ("exp", "exp2", "log2", "**")
_LOSE_NAN = ("exp", "exp2", "tanh", "**", "min", "max", "sort", "Int")


def cause(pairs: Sequence[Pair], source: str = "") -> str | None:
    """Say what the difference of numbers may come from; None where it is like none that is known.

    Parameters
    ----------
    pairs : sequence of (number, number)
        What Python gives and what Mojo gives, where they differ.
    source : str
        That of the Mojo function: what it does not use is not named. Empty: not known.

    Examples
    --------
    >>> cause([(2.5, 2)])
    '`/` of two Ints, which drops the fraction'
    >>> cause([(1.0, 1.0 + 3e-9)], "def f(x: Float64) -> Float64: return exp(x)")
    "rounding: Mojo's exp is good to about 1e-9, and a * b + c is rounded once"
    >>> cause([(1.0, 2.0)]) is None
    True
    """
    for looks, says in _KNOWN:
        if pairs and all(looks(*pair) for pair in pairs):
            return says(source)
    return None


def _used(names: Sequence[str], source: str) -> list[str]:
    """Return those of the names that a source uses, all of them where it is not known."""
    bare = re.sub(r"#.*", "", source)
    return [
        name
        for name in names
        if not source or (name in bare if name == "**" else re.search(rf"\b{name}\b(?=\s*[\[(])", bare))
    ]


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# --- what they look like -----------------------------------------------------------------------


def _is_nan(value: Any) -> bool:
    return bool(value != value)  # noqa: PLR0124  (not a number)


def _is_rounding(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, int) and isinstance(found, int):
        return False
    try:
        error, size = float(abs(wanted - found)), float(max(abs(wanted), abs(found)))
    except (TypeError, OverflowError):
        return False
    return math.isfinite(size) and (error <= COARSE * size or error <= CANCELLED)


def _is_wrapped(wanted: Any, found: Any) -> bool:
    whole = isinstance(wanted, int) and isinstance(found, int)
    return whole and not -_WORD // 2 <= wanted < _WORD // 2 and (wanted - found) % _WORD == 0


def _is_truncated(wanted: Any, found: Any) -> bool:
    try:
        return bool(float(wanted) != math.trunc(wanted) and found == math.trunc(wanted))
    except (TypeError, ValueError, OverflowError):
        return False


def _is_no_int(wanted: Any, found: Any) -> bool:
    return bool(found == -_WORD // 2) and not (isinstance(wanted, int) and wanted == found)


# --- what is said of them ----------------------------------------------------------------------


def _rounding(source: str) -> str:
    coarse = _used(_COARSE, source)
    be = "is" if len(coarse) == 1 else "are"
    precise = f"Mojo's {_list(coarse)} {be} good to about 1e-9, and " if coarse else ""
    return f"rounding: {precise}a * b + c is rounded once"


def _nan(source: str) -> str:
    names = _used(_LOSE_NAN, source)
    return f"NaN, which Mojo's {_list(names)} can lose" if names else "NaN, which something lost"


_KNOWN: tuple[tuple[Callable[[Any, Any], bool], Callable[[str], str]], ...] = (
    (lambda wanted, found: _is_nan(wanted) and not _is_nan(found), _nan),
    (_is_rounding, _rounding),
    (_is_truncated, lambda _: "`/` of two Ints, which drops the fraction"),
    (_is_wrapped, lambda _: "Ints of 64 bits, which wrap around"),
    (_is_no_int, lambda _: "`Int(x)` of NaN or of what is too large, which is the lowest Int"),
)
