"""Arguments of the patterns: what they have to be, and the words where they are not."""

from __future__ import annotations

import math
import operator
from typing import Any


def whole(name: str, value: Any, least: int, most: int = 2**63 - 1) -> int:
    """Return an integer of a range.

    Parameters
    ----------
    name : str
        What the argument is called.
    value : object
        An int, or what has ``__index__``.
    least, most : int
        The range, both ends included.

    Raises
    ------
    TypeError, ValueError
        It is no integer, or outside of the range.

    Examples
    --------
    >>> whole("samples", 100, 2)
    100
    """
    try:
        number = operator.index(value)
    except TypeError:
        msg = f"{name} must be an int, not {type(value).__name__}"
        raise TypeError(msg) from None
    if not least <= number <= most:
        above = f" and at most {most}" if number > most else ""
        msg = f"{name} must be at least {least}{above}, not {number}"
        raise ValueError(msg)
    return number


def real(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
) -> float:
    """Return a finite number of a range.

    Parameters
    ----------
    name : str
        What the argument is called.
    value : object
        A number.
    above, least, below : float, optional
        What it has to be above, at least, and below.

    Raises
    ------
    TypeError, ValueError
        It is no number, not finite, or outside of the range.

    Examples
    --------
    >>> real("spot", 100, above=0)
    100.0
    """
    if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
        msg = f"{name} must be a number, not {type(value).__name__}"
        raise TypeError(msg)
    number = float(value)
    wanted = "finite"
    if above is not None:
        wanted = f"above {above:g}"
    if least is not None:
        wanted = f"at least {least:g}"
    if below is not None:
        wanted += f" and below {below:g}"
    held = (
        math.isfinite(number)
        and (above is None or number > above)
        and (least is None or number >= least)
        and (below is None or number < below)
    )
    if not held:
        msg = f"{name} must be {wanted}, not {number:g}"
        raise ValueError(msg)
    return number


def is_call(kind: Any) -> bool:
    """Return whether an option is a call, of ``"call"`` or ``"put"``.

    Parameters
    ----------
    kind : object
        What was given.

    Raises
    ------
    ValueError
        It is neither.

    Examples
    --------
    >>> is_call("put")
    False
    """
    if kind not in ("call", "put"):
        msg = f"kind must be 'call' or 'put', not {kind!r}"
        raise ValueError(msg)
    return bool(kind == "call")
