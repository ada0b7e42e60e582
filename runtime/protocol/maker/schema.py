"""The schema of requests, read: operations, their fields, and what is said of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from pathlib import Path

MADE = "Made of request.schema.json by runtime/protocol/maker."
#: What every request has; the client adds them.
ENVELOPE = ("op", "id", "protocol")
#: What a schema may say of a value of each kind, beside type, default and description.
KNOWN: dict[str, set[str]] = {
    "text": {"minLength", "maxLength", "maxBytes", "pattern", "const"},
    "word": {"enum"},
    "integer": {"minimum", "maximum", "const"},
    "number": {"minimum", "maximum", "exclusiveMinimum"},
    "boolean": set(),
    "texts": {"items", "maxItems"},
    "text_map": {"propertyNames", "additionalProperties"},
    "text_map_or_object": {"anyOf"},
    "object": {"properties", "required", "additionalProperties"},
    "objects": {"items", "maxItems"},
}
WORDS = {
    "text": "a string",
    "word": "one of",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "texts": "an array of strings",
    "text_map": "an object of strings",
    "text_map_or_object": "an object of strings",
    "object": "an object",
    "objects": "an array of objects",
}


def refuse(said: str) -> NoReturn:
    """End with what nobody here understands."""
    raise ValueError(said)


@dataclass
class Field:
    """A field of a request, or of an object within one."""

    name: str
    kind: str
    said: dict[str, Any]
    required: bool
    shape: Shape | None = None  # of an object, or of an array's objects

    @property
    def about(self) -> str:
        """Return what the schema says of the field."""
        return str(self.said.get("description", ""))

    @property
    def parts(self) -> list[Field]:
        """Return the fields of a value that is, or may be, an object with fields."""
        return self.shape.fields if self.shape and self.kind != "objects" else []

    @property
    def kept(self) -> bool:
        """Return whether the value itself is a member of the struct, not its parts alone."""
        return self.kind != "object"

    @property
    def must(self) -> str:
        """Return what the value has to be, in words that follow "must be"."""
        return _must(self.kind, self.said)

    @property
    def absent(self) -> Any:
        """Return the value that C has where the field is absent: where 0 is a value, -1 is none."""
        if self.kind == "word":
            return self.said["enum"].index(self.said["default"])
        if "default" in self.said:
            return self.said["default"]
        if self.kind in {"integer", "number"}:
            return -1 if self.said.get("minimum", 1) <= 0 else 0
        return False if self.kind == "boolean" else None


@dataclass
class Shape:
    """An object: the fields of an operation, or of a value within."""

    title: str
    many: bool = False  # one of an array's
    fields: list[Field] = field(default_factory=list)
    needs: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the title as a name of C."""
        return self.title.replace(".", "_")

    @property
    def class_name(self) -> str:
        """Return the title as a class of Python."""
        name = self.title.removesuffix("s") if self.many else self.title
        return "".join(word.capitalize() for word in name.replace(".", "_").split("_"))


class Schema:
    """The schema, read: operations and what their fields are."""

    def __init__(self, path: Path) -> None:
        self.raw = json.loads(path.read_text("utf-8"))
        self.shapes: dict[str, Shape] = {}  # of objects within, by the field that has them
        self.operations = [self._operation(one) for one in self.raw["oneOf"]]

    def own(self, operation: Shape) -> list[Field]:
        """Return the operation's fields without those that every request has."""
        return [one for one in operation.fields if one.name not in ENVELOPE]

    def every(self) -> dict[str, Field]:
        """Return each field once; operations differ in what is required and in defaults alone."""
        found: dict[str, Field] = {}
        for operation in self.operations:
            for one in operation.fields:
                if found.setdefault(one.name, one).kind != one.kind:
                    refuse(f"the field {one.name} has two kinds")
        return found

    def _operation(self, one: dict[str, Any]) -> Shape:
        if one.get("additionalProperties") is not False:
            refuse(f"{one['title']}: additionalProperties must be false")
        return self._shape(one["title"], one, {"title", "dependentRequired"})

    def _shape(self, title: str, said: dict[str, Any], more: set[str]) -> Shape:
        unknown = set(said) - KNOWN["object"] - {"type", "description"} - more
        if unknown or said.get("additionalProperties", False) is not False:
            refuse(f"{title}: nobody reads {unknown or 'additionalProperties'}")
        shape = Shape(title, needs=said.get("dependentRequired", {}))
        if title not in {one["title"] for one in self.raw["oneOf"]}:
            self.shapes[title] = shape
        required = set(said.get("required", ()))
        for name, value in said["properties"].items():
            shape.fields.append(self._field(name, value, required=name in required))
        return shape

    def _field(self, name: str, value: dict[str, Any], *, required: bool) -> Field:
        reference = value.get("$ref", "").rpartition("/")[2]
        said = {**(self.raw["$defs"][reference] if reference else {}), **value}
        said.pop("$ref", None)
        kind = _kind(said)
        unknown = set(said) - KNOWN[kind] - {"type", "default", "description"}
        if unknown or said.get("pattern", "^/") != "^/":
            refuse(f"{name}: nobody reads {unknown or said['pattern']}")
        made = Field(name, kind, said, required)
        if kind in {"object", "objects", "text_map_or_object"}:
            inner = {"objects": said.get("items"), "text_map_or_object": said.get("anyOf", [None])[-1]}.get(
                kind, said
            )
            if name not in self.shapes:
                self._shape(name, inner, KNOWN[kind] | {"default"}).many = kind == "objects"
            made.shape = self.shapes[name]
        return made


def _kind(said: dict[str, Any]) -> str:
    """Return which of KNOWN a value is."""
    match said:
        case {"const": value}:
            kind = "integer" if isinstance(value, int) else "text"
        case {"type": "array", "items": {"type": "string"}}:
            kind = "texts"
        case {"type": "array", "items": {"type": "object"}}:
            kind = "objects"
        case {"type": "object", "additionalProperties": {"type": "string"}}:
            kind = "text_map"
        case {"anyOf": [{"additionalProperties": {"type": "string"}}, {"properties": _}]}:
            kind = "text_map_or_object"
        case {"type": "string", "enum": _}:
            kind = "word"
        case {"type": "string"}:
            kind = "text"
        case {"type": str(name)} if name in KNOWN:
            kind = name
        case _:
            refuse(f"nobody reads a value like {said}")
    return kind


def _number_must(name: str, said: dict[str, Any]) -> str:
    least, most = said.get("minimum"), said.get("maximum")
    if "exclusiveMinimum" in said:
        return f"{name} above {said['exclusiveMinimum']}"
    if most is not None:
        return f"{name} from {least} to {most}"
    return name if least is None else f"{name} of at least {least}"


def _must(kind: str, said: dict[str, Any]) -> str:
    found = WORDS.get(kind, "")
    if kind in {"integer", "number"}:
        found = str(said["const"]) if "const" in said else _number_must(found, said)
    elif kind == "word":
        found += " " + ", ".join(said["enum"])
    elif "pattern" in said:
        found = "an absolute path"
    elif "minLength" in said:
        found += f" of {said['minLength']} to {said['maxLength']} characters"
    elif "maxItems" in said:
        found = found.replace("array of", f"array of at most {said['maxItems']}")
    return found
