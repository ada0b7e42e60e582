"""Repairs that were made to an older source, and the line that tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.show.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Repair(NamedTuple):
    """One repair that was made to an older source before it was compiled.

    Attributes
    ----------
    line : int or None
        The line of the cell, from 1.
    message : str
        What the compiler had said.
    before, after : str
        The text replaced and the text put there.
    """

    line: int | None
    message: str
    before: str
    after: str


def repair(item: Mapping[str, Any]) -> Repair:
    """Return it as the protocol has it."""
    return Repair(
        item.get("line"), str(item.get("message") or ""), item.get("before") or "", item.get("after") or ""
    )


def repairs(items: Iterable[Repair], version: str = "", *, fixable: bool = True, enough: bool = True) -> str:
    """Return the one line that says which repairs were made to an older source, and whether it compiled.

    Examples
    --------
    >>> from mojocell.core.repairs import Repair
    >>> repairs([Repair(2, "", "fn f():", "def f():"), Repair(9, "", "fn g():", "def g():")], "1.2.0")
    '2 repairs for Mojo 1.2: `fn` → `def` (lines 2, 9); %mojo_fix writes the repaired cell'
    """
    items = list(items)
    lines: dict[str, list[int]] = {}
    for item in items:
        lines.setdefault(change(item), []).extend([item.line] if item.line else [])
    parts = []
    for what, where in lines.items():
        numbers = ", ".join(str(n) for n in dict.fromkeys(where))
        noun = "line" if len(set(where)) == 1 else "lines"
        parts.append(f"{what} ({noun} {numbers})" if where else what)
    release = ".".join(version.split(".")[:2])
    mojo = f"Mojo {release}" if release else "this Mojo"
    did = "" if enough else " did not suffice"
    text = f"{plural(len(items), 'repair')} for {mojo}{did}: {', '.join(parts)}"
    return f"{text}; %mojo_fix writes the repaired cell" if fixable else text


def change(item: Repair) -> str:
    """Say one repair in a few words: those in which the line before and after differ.

    Examples
    --------
    >>> change(Repair(1, "", "import math", "import std.math as math"))
    '`import math` → `import std.math as math`'
    """
    old, new = item.before.split(), item.after.split()
    if old[:1] == ["import"]:
        return f"`{_clip(' '.join(old))}` → `{_clip(' '.join(new))}`" if new else f"`{' '.join(old)}` removed"
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    before, after = _clip(" ".join(old)), _clip(" ".join(new))
    if not before and not after:
        return _clip(item.message)
    if not before:
        return f"`{after}` added"
    return f"`{before}` → `{after}`" if after else f"`{before}` removed"


def _clip(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
