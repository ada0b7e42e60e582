"""The tables of events in docs/protocol.md, made of event.schema.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_EVERY = ("id", "event")
_LAST = ("result", "error")


def events(path: Path) -> dict[str, str]:
    """Return the tables by name: what comes before the last event (``progress``), the last, their parts."""
    raw = json.loads(path.read_text("utf-8"))
    parts = raw["$defs"]
    shapes = {one["title"]: one for one in raw["oneOf"]}
    before = [
        f"| `{title}` | {field} |"
        for title, shape in shapes.items()
        if title not in _LAST
        for field in _fields_told(shape, parts)
    ]
    inner = ("failure", "function", "diagnostic", "note", "fixit", "item", "explanation")
    return {
        "progress": "\n".join(["| event | field | type | meaning |", "|---|---|---|---|", *before]),
        **{title: _table(shapes[title], parts) for title in _LAST},
        **{title: _table(parts[title], parts) for title in inner},
        "argument": _table(parts["function"]["properties"]["arguments"]["items"], parts),
    }


def _fields_told(shape: dict[str, Any], parts: dict[str, Any]) -> list[str]:
    """Return the rest of an event's rows; one that has no fields has what is said of itself."""
    told = [f"`{name}` | {_type(value)} | {value['description']}" for name, value in _fields(shape, parts)]
    return told or [f" | | {shape['description']}"]


def _table(shape: dict[str, Any], parts: dict[str, Any]) -> str:
    needed = set(shape.get("required", ()))
    rows = [
        f"| `{name}`{'' if name in needed else '?'} | {_type(value)} | {value['description']} |"
        for name, value in _fields(shape, parts)
    ]
    return "\n".join(["| field | type | meaning |", "|---|---|---|", *rows])


def _fields(shape: dict[str, Any], parts: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, value in shape["properties"].items():
        if name in _EVERY:
            continue
        said = _resolved(value, parts)
        if "description" not in said:
            message = f"{name} has no description"
            raise ValueError(message)
        found.append((name, said))
    return found


def _resolved(value: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    reference = value.get("$ref", "").rpartition("/")[2]
    if not reference:
        return value
    return (
        {"is": reference, **parts[reference], **value}
        if "properties" in parts[reference]
        else {**parts[reference], **value}
    )


def _type(said: dict[str, Any]) -> str:
    kind = said.get("type")
    if "is" in said and said["is"] != "times":
        return f"a [{said['is']}](#{said['is']}s)"
    if "enum" in said:
        return (
            "one of [the codes](../runtime/base/errors.def)"
            if len(said["enum"]) > 10
            else ", ".join(f"`{one}`" for one in said["enum"])
        )
    if kind == "array":
        return f"array of {_items(said['items'])}"
    if kind == "object" and "properties" in said:
        return "{" + ", ".join(f"`{name}`" for name in said["properties"]) + "}"
    if kind == "object" and "additionalProperties" in said:
        return "object of strings"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _items(said: dict[str, Any]) -> str:
    reference = said.get("$ref", "").rpartition("/")[2]
    if reference:
        return f"[{reference}s](#{reference}s)"
    return _type(said) if said["type"] == "object" else f"{said['type']}s"
