"""The classes of Python: requests as frozen values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from schema import MADE

if TYPE_CHECKING:
    from schema import Field, Schema, Shape

PYTHON_TYPES = {
    "text": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "texts": "tuple[str, ...]",
    "text_map": "Mapping[str, str]",
}

PYTHON_HEAD = '''"""The requests of the protocol, as values that are made once and never change.

{made}
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class Value:
    """What travels as an object; a field that is as it would be without being said is left out."""

    __slots__ = ()

    def plain(self) -> dict[str, Any]:
        """Return the object as JSON has it."""
        said = {{}}
        for one in fields(self):  # type: ignore[arg-type]
            value = getattr(self, one.name)
            if value != one.default:
                said[one.name] = _plain(value)
        return said


class Request(Value):
    """What a client asks for; ``id`` is the connection's to add."""

    __slots__ = ()
    op: ClassVar[str]

    def header(self) -> dict[str, Any]:
        """Return the request as the protocol has it, without what the connection adds."""
        return {{"op": self.op, **self.plain()}}


def _plain(value: Any) -> Any:
    if isinstance(value, Value):
        return value.plain()
    return [_plain(one) for one in value] if isinstance(value, (tuple, list)) else value
'''


def _python_type(one: Field) -> str:
    if one.shape:
        name = one.shape.class_name
        others = {"objects": f"tuple[{name}, ...]", "text_map_or_object": f"Mapping[str, str] | {name}"}
        return others.get(one.kind, name)
    return PYTHON_TYPES[one.kind]


def _python_field(one: Field) -> str:
    kind = _python_type(one)
    if one.required:
        return f"    {one.name}: {kind}"
    if "default" in one.said:
        return f"    {one.name}: {kind} = {one.said['default']!r}".replace("'", '"')
    return f"    {one.name}: {kind} | None = None"


def _attribute(one: Field) -> list[str]:
    kind = _python_type(one) + ("" if one.required or "default" in one.said else " or None")
    return [f"    {one.name} : {kind}", f"        {_sentence(one.about or one.must)}"]


def _sentence(text: str) -> str:
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text).replace("`", "``")
    return text[0].upper() + text[1:] + "."


def _class(shape: Shape, base: str, own: list[Field], about: str, more: list[str]) -> list[str]:
    told = (
        ["", "    Attributes", "    ----------", *[line for one in own for line in _attribute(one)]]
        if own
        else []
    )
    return [
        "",
        "",
        "@dataclass(frozen=True, slots=True, kw_only=True)",
        f"class {shape.class_name}({base}):",
        f'    """{about}' + ("" if told else '"""'),
        *told,
        *(['    """'] if told else []),
        "",
        *more,
        *[_python_field(one) for one in own],
    ]


def python(schema: Schema) -> str:
    """Return the module of classes."""
    lines = [PYTHON_HEAD.format(made=MADE).rstrip()]
    for shape in schema.shapes.values():
        lines += _class(shape, "Value", shape.fields, f"One of ``{shape.title}`` of a request.", [])
    for one in schema.operations:
        lines += _class(
            one,
            "Request",
            schema.own(one),
            f"The request ``{one.title}``.",
            [f'    op: ClassVar[str] = "{one.title}"'],
        )
    names = ",\n    ".join(one.class_name for one in schema.operations)
    lines += [
        "",
        "",
        "#: By the name of the operation.",
        f"_ALL = (\n    {names},\n)",
        "REQUESTS = {one.op: one for one in _ALL}",
        "",
    ]
    return "\n".join(lines)
