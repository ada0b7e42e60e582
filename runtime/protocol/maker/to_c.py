"""What the daemon reads requests by: ``struct mc_fields``, and the table of ``fields.c``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from schema import MADE, refuse

if TYPE_CHECKING:
    from schema import Field, Schema, Shape

C_TYPES = {
    "text": "const char *",
    "word": "int ",
    "integer": "int64_t ",
    "number": "double ",
    "boolean": "bool ",
    "texts": "const json_t *",
    "text_map": "const json_t *",
    "text_map_or_object": "const json_t *",
    "objects": "const json_t *",
}


def _op(name: str) -> str:
    return "MC_OP_" + name.replace(".", "_").upper()


def _members(schema: Schema) -> list[str]:
    """Return the struct's members; an object's are beside the others, named with it."""
    lines = []
    for name, one in schema.every().items():
        if name == "op":
            continue
        if one.kept:
            lines.append(f"{C_TYPES[one.kind]}{name};")
            if "maxBytes" in one.said:
                lines.append(f"size_t {name}_length; /* bytes */")
        lines += [f"{C_TYPES[part.kind]}{name}_{part.name};" for part in one.parts]
    return lines


def _words(schema: Schema) -> list[str]:
    """Return an enumeration for each field that is one of some words; 0 is what an absent one is."""
    lines = []
    for name, one in schema.every().items():
        if one.kind == "word":
            if one.absent != 0:
                refuse(f"{name}: the default has to be the first")
            words = [f"    MC_{name.upper()}_{word.upper()}," for word in one.said["enum"]]
            lines += ["", f"enum mc_{name} {{", *words, f"    MC_{name.upper()}_COUNT", "};"]
    return lines


def struct(schema: Schema) -> str:
    """Return the header: the operations, and the fields of all of them."""
    ops = [f"    {_op(one.title)}," for one in schema.operations]
    members = [f"    {line}" for line in _members(schema)]
    return "\n".join([
        f"/* {MADE} */",
        "#pragma once",
        "",
        "#include <jansson.h>",
        "",
        "#include <stdbool.h>",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "",
        "enum mc_op {",
        *ops,
        "    MC_OP_COUNT",
        "};",
        *_words(schema),
        "",
        "/* What a request says, absent fields being their defaults: NULL, false and 0 where there is",
        " * none, and -1 where 0 is a value. Strings and arrays are the header's own. */",
        "struct mc_fields {",
        *members,
        "};",
        "",
    ])  # fmt: skip


def _c_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, str) else str(value)


def _bounds(said: dict[str, Any]) -> list[str]:
    """Return the bounds in C: of a number, of characters, of items."""
    if "exclusiveMinimum" in said and said["exclusiveMinimum"] != 0:
        refuse("exclusiveMinimum can be 0 alone")
    if isinstance(said.get("const"), int):
        said = {"minimum": said["const"], "maximum": said["const"]}
    least = [said[key] for key in ("minimum", "minLength") if key in said]
    least += ["DBL_TRUE_MIN"] if "exclusiveMinimum" in said else []
    most = [said[key] for key in ("maximum", "maxLength", "maxItems") if key in said]
    if not least and not most:
        return []
    return [".bounded = true", f".least = {[*least, 0][0]}", f".most = {[*most, 'DBL_MAX'][0]}"]


def _row(one: Field, before: str | None) -> str:
    """Return the table's row; `before` is what names begin with in the struct, None for what is not kept."""
    parts = [json.dumps(one.name), json.dumps(one.must), f".kind = MC_FIELD_{one.kind.upper()}"]
    parts += _bounds(one.said)
    if one.required:
        parts.append(".required = true")
    if one.kind == "word":
        words = ", ".join(json.dumps(word) for word in one.said["enum"])
        parts.append(f".words = (const char *const[]) {{{words}, NULL}}")
    if "pattern" in one.said:
        parts.append(".path = true")
    if one.shape:
        parts.append(f".fields = {one.shape.name}_fields")
    if before is None or not one.kept or (one.name == "op" and not before):
        parts.append(".offset = MC_FIELD_CHECKED")
    else:
        parts.append(f".offset = offsetof(struct mc_fields, {before}{one.name})")
    if "maxBytes" in one.said:
        parts.append(f".most_bytes = {one.said['maxBytes']}")
        if before is not None:
            parts.append(f".length_offset = offsetof(struct mc_fields, {before}{one.name}_length)")
    return "    {" + ", ".join(parts) + "},"


def _rows(shape: Shape, before: str | None) -> list[str]:
    head = f"static const struct mc_field {shape.name}_fields[{len(shape.fields) + 1}]"
    return [f"{head} = {{", *[_row(one, before) for one in shape.fields], "    {0},", "};", ""]


def _defaults(schema: Schema, operation: Shape) -> list[str]:
    values = []
    own = {one.name: one for one in operation.fields}
    for one in [own.get(name, one) for name, one in schema.every().items()]:
        members = [(one.name, one)] if one.kept else []
        for member, part in members + [(f"{one.name}_{part.name}", part) for part in one.parts]:
            if part.absent == -1 or (one.name in own and part.absent not in {None, 0}):
                values.append(f".{member} = {_c_value(part.absent)}")
    return [f"static const struct mc_fields {operation.name}_absent = {{{', '.join(values) or '0'}}};"]


def table(schema: Schema) -> str:
    """Return what fields.c reads by."""
    lines = [f"/* {MADE} */", "/* clang-format off */"]
    inner: dict[str, str | None] = {}
    for one in schema.every().values():
        if one.shape:
            inner[one.name] = f"{one.name}_" if one.parts else None
    for name, shape in schema.shapes.items():  # one may have itself within
        lines.append(f"static const struct mc_field {shape.name}_fields[{len(shape.fields) + 1}];")
        inner.setdefault(name, None)
    lines.append("")
    for name, shape in schema.shapes.items():
        lines += _rows(shape, inner[name])
    for operation in schema.operations:
        lines += _rows(operation, "")
        lines += _needs(operation)
        lines += [*_defaults(schema, operation), ""]
    lines.append("static const struct operation operations[MC_OP_COUNT] = {")
    for one in schema.operations:
        needs = f"{one.name}_needs" if one.needs else "NULL"
        lines.append(
            f'    [{_op(one.title)}] = {{"{one.title}", {one.name}_fields, {needs}, &{one.name}_absent}},'
        )
    return "\n".join([*lines, "};", ""])


def _needs(operation: Shape) -> list[str]:
    if not operation.needs:
        return []
    pairs = [f'    {{"{name}", "{other}"}},' for name, others in operation.needs.items() for other in others]
    return [f"static const struct needed {operation.name}_needs[] = {{", *pairs, "    {0},", "};", ""]
