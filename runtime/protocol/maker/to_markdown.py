"""The tables of docs/protocol.md."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from schema import ENVELOPE

if TYPE_CHECKING:
    from schema import Field, Schema, Shape


def _told_type(one: Field) -> str:
    if one.shape is None:
        return re.sub(r"^an? ", "", one.must)
    names = ", ".join(f"`{part.name}`" + ("" if part.required else "?") for part in one.shape.fields)
    before = {"objects": "array of ", "text_map_or_object": "object of strings, or "}.get(one.kind, "")
    return f"{before}{{{names}}}"


def _told_default(one: Field, before: str = "; ") -> str:
    if "default" not in one.said:
        return ""
    return f"{before}default `{json.dumps(one.said['default'], ensure_ascii=False)}`"


def _told_meaning(one: Field, operation: Shape) -> str:
    meaning = one.about
    parts = [f"`{part.name}` {part.about}{_told_default(part, ', ')}" for part in one.parts if part.about]
    meaning += ": " + "; ".join(parts) if parts else ""
    if "maxBytes" in one.said:
        meaning += f", at most {one.said['maxBytes'] >> 20} MiB"
    needed = "".join(f"; needs `{other}`" for other in operation.needs.get(one.name, ()))
    return f"{meaning}{'; required' if one.required else ''}{_told_default(one)}{needed}"


def _markdown_table(rows: list[str]) -> str:
    return "\n".join(["| field | type | meaning |", "|---|---|---|", *rows]) if rows else ""


def markdown(schema: Schema) -> dict[str, str]:
    """Return the tables by name: of what every request has (``every``), and of each operation.

    The one of ``run`` has what ``compile`` does not take, or not so.
    """
    ops = " ".join(f"`{one.title}`" for one in schema.operations)
    every = schema.every()
    rows = {"every": [f"| `op` | string | {ops} |"]}
    rows["every"] += [
        f"| `{name}` | {_told_type(every[name])} | {every[name].about} |" for name in ENVELOPE[1:]
    ]
    for operation in schema.operations:
        rows[operation.title] = [
            f"| `{one.name}` | {_told_type(one)} | {_told_meaning(one, operation)} |"
            for one in schema.own(operation)
        ]
    rows["run"] = [row for row in rows["run"] if row not in rows["compile"]]
    return {name: _markdown_table(found) for name, found in rows.items()}
