"""Numbers, times, lists and tables as people say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def duration(seconds: float) -> str:
    """Return a duration as people say it.

    Examples
    --------
    >>> [duration(s) for s in (0.00004, 0.0012, 0.35, 2.41, 75)]
    ['40 µs', '1.2 ms', '350 ms', '2.4 s', '1 min 15 s']
    """
    if seconds < 0.9995e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.9995:
        milliseconds = seconds * 1e3
        return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return f"{int(seconds + 0.5) // 60} min {int(seconds + 0.5) % 60} s"


def size(count: int) -> str:
    """Return a number of bytes or characters as people say it, without the unit.

    Examples
    --------
    >>> [size(n) for n in (900, 16_400_000)]
    ['900', '16.4 million']
    """
    return f"{count / 1e6:.1f} million" if count >= 1_000_000 else f"{count:,}"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "error"), plural(2, "error"), plural(2, "entry")
    ('1 error', '2 errors', '2 entries')
    """
    if count != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean …?" where a known word is near, else nothing.

    Examples
    --------
    >>> nearest("--tiemout", ["--timeout", "--mode"])
    '; did you mean --timeout?'
    """
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def table(values: Mapping[str, Any], indent: str = "") -> str:
    """Return a mapping as aligned lines, what is nested below its key.

    Examples
    --------
    >>> print(table({"hits": 3, "last": {"misses": 1}}))
    hits  3
    last
      misses  1
    """
    width = max((len(key) for key, value in values.items() if not _nested(value)), default=0)
    lines = []
    for key, value in values.items():
        if _nested(value):
            lines.append(f"{indent}{key}")
            lines += [_items(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key:<{width}}  {_word(value)}".rstrip())
    return "\n".join(lines)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns.

    Examples
    --------
    >>> print(columns([("name", "from"), ("area", "In [1]")]))
    name  from
    area  In [1]
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _nested(value: object) -> bool:
    return isinstance(value, dict | list | tuple) and bool(value)


def _items(value: Any, indent: str) -> str:
    if isinstance(value, dict):
        return table(value, indent)
    return "\n".join(table(v, indent) if isinstance(v, dict) else f"{indent}{_word(v)}" for v in value)


def _word(value: object) -> str:
    if value is None or value in ((), [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
