"""The cache of compiled cells: how it does, why a cell missed, and emptying it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.core import client

if TYPE_CHECKING:
    from collections.abc import Mapping


def stats() -> dict[str, Any]:
    """Return the cache's counters.

    Returns
    -------
    dict
        At least ``hits``, ``misses``, ``joined``, ``evictions``, ``damaged``, ``entries`` and
        ``bytes``.

    Examples
    --------
    >>> import mojocell as mc
    >>> before = mc.cache.stats()["hits"]
    >>> _ = mc.run("print(1)"), mc.run("print(1)")
    >>> mc.cache.stats()["hits"] > before
    True
    """
    return dict(client.request({"op": "cache.stats"}).get("stats") or {})


def summary(counters: Mapping[str, Any]) -> dict[str, Any]:
    """Return of `stats` what people ask for first, sizes in MB.

    Examples
    --------
    >>> summary({"hits": 3, "bytes": 2_500_000, "session": {"hits": 1}})
    {'hits': 3, 'size': '2.5 MB'}
    """
    lines: dict[str, Any] = {}
    for key, value in counters.items():
        if key in ("bytes", "limit"):
            lines["size" if key == "bytes" else key] = f"{value / 1e6:,.1f} MB"
        elif key != "session":
            lines[key] = value
    return lines


class Explanation(NamedTuple):
    """What became of one look-up of a cell, and why.

    Attributes
    ----------
    cell : str
        The identity of the cell: its name, or what the front end calls it.
    outcome : str
        ``"hit"``, ``"miss"``, ``"joined"`` or ``"forced"``.
    reasons : tuple of str
        Why, in words.
    key : str
        The cache entry.
    """

    cell: str
    outcome: str
    reasons: tuple[str, ...]
    key: str

    def __str__(self) -> str:
        reasons = "; ".join(self.reasons)
        return f"{self.cell}: {self.outcome}" + (f" ({reasons})" if reasons else "")


class Explanations(tuple[Explanation, ...]):
    """Explanations, newest first; shown a line each."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(str(item) for item in self) or "nothing was looked up"


def explain(cell: str | None = None) -> Explanations:
    """Say why a cell was compiled and did not come from the cache, against its version before.

    Parameters
    ----------
    cell : str, optional
        The cell's name; default: the latest cells, whatever they are called.

    Returns
    -------
    tuple of Explanation
        Newest first.

    Examples
    --------
    >>> import mojocell as mc
    >>> _ = mc.run("print(1)", name="one"), mc.run("print(1)", name="one")
    >>> mc.cache.explain("one")
    one: hit (the artifact was in the cache)
    """
    request = {"op": "cache.explain", **({"cell": cell} if cell else {})}
    found = client.request(request).get("explanations") or ()
    return Explanations(
        Explanation(
            str(item.get("cell") or ""),
            str(item.get("outcome") or ""),
            tuple(str(reason) for reason in item.get("reasons") or ()),
            str(item.get("key") or ""),
        )
        for item in found
    )


def clear() -> dict[str, int]:
    """Remove every entry. Programs that are running are not affected.

    Returns
    -------
    dict
        How many ``entries`` and ``bytes`` were removed.

    Examples
    --------
    >>> import mojocell as mc
    >>> removed = mc.cache.clear()
    """
    answer = client.request({"op": "cache.clear"})
    return {"entries": int(answer.get("entries") or 0), "bytes": int(answer.get("bytes") or 0)}
