"""The cache of compiled cells: how it does, why a cell missed, and emptying it."""

from __future__ import annotations

from typing import Any

from mojocell import _client


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
    return _fields(_client.request({"op": "cache.stats"}))


def explain(source: str | None = None, *, cell: str | None = None, flags: tuple[str, ...] = ()) -> dict[str, Any]:
    """Say why a cell missed, against its previous version.

    Parameters
    ----------
    source : str, optional
        The source to explain.
    cell : str, optional
        Or the identity of a cell that ran: its name where it had one. Default: ``"cell"``, the last
        one without a name.
    flags : tuple of str
        The compiler flags that go with `source`.

    Returns
    -------
    dict
        What the daemon knows: the key's parts and which of them changed.

    Examples
    --------
    >>> import mojocell as mc
    >>> _ = mc.run("print(2)", name="two")
    >>> why = mc.cache.explain(cell="two")
    """
    request: dict[str, Any] = {"op": "cache.explain", "cell": cell or "cell"}
    if source is not None:
        request.update({"source": source, "flags": list(flags), **_client.surroundings()})
    return _fields(_client.request(request))


def clear() -> dict[str, Any]:
    """Remove every entry. Programs that are running are not affected.

    Returns
    -------
    dict
        What was removed.

    Examples
    --------
    >>> import mojocell as mc
    >>> removed = mc.cache.clear()
    """
    return _fields(_client.request({"op": "cache.clear"}))


def _fields(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer says beside the envelope."""
    return {key: value for key, value in answer.items() if key not in ("id", "event", "ok")}
