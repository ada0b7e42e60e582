"""The classes of Python: requests as frozen values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from schema import MADE

if TYPE_CHECKING:
    from schema import Field, Schema, Shape

PYTHON_TYPES = {
    "text": "str",
    "word": "str",
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

from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Value:
    """What travels as an object, with what was said of it. Importing dataclasses takes longer than a call."""

    def __init__(self, **said: Any) -> None:
        known = type(self).__annotations__
        unknown = [name for name in said if name not in known]
        missing = [name for name in known if name not in said and not hasattr(type(self), name)]
        if unknown or missing:
            why = f"has no {{unknown[0]}}" if unknown else f"needs {{missing[0]}}"
            msg = f"{{type(self).__name__}} {{why}}"
            raise TypeError(msg)
        self.__dict__.update(said)

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"{{type(self).__name__}} does not change"
        raise AttributeError(msg)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.plain() == self.plain()

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        said = ", ".join(f"{{name}}={{value!r}}" for name, value in self.__dict__.items())
        return f"{{type(self).__name__}}({{said}})"

    def plain(self) -> dict[str, Any]:
        """Return the object as JSON has it, in the order of the schema."""
        said = self.__dict__
        return {{name: _plain(said[name]) for name in type(self).__annotations__ if name in said}}


class Request(Value):
    """What a client asks for; ``id`` is the connection's to add."""

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
