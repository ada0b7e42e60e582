"""Structs of Mojo as dataclasses of Python: one class for each struct, wherever it is used.

A struct is known by its name and by the module that defines it, which is named by its content: so a cell
that defines one and the cells that use it have the same class, and so has who unpickles it.
"""

from __future__ import annotations

import copyreg
import inspect
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Definition(NamedTuple):
    """What a class is made of; a pickle of it needs nothing else.

    Attributes
    ----------
    key : str
        The module that defines the struct, and its name.
    module : str
        The ``__module__`` of the class.
    doc : str or None
        The struct's docstring.
    fields : tuple of (str, str)
        Names and types, as `runtime/abi/signature.h` writes them.
    parts : tuple of Definition
        The structs that its fields are.
    """

    key: str
    module: str
    doc: str | None
    fields: tuple[tuple[str, str], ...]
    parts: tuple[Definition, ...]


class StructType(type):
    """The type of the classes that stand for structs."""

    __mojo__: Definition


class Struct(metaclass=StructType):
    """What such classes have in common."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        definition = type(self).__dict__.get("__mojo__")
        if definition is None:  # a class that somebody has derived
            return super().__reduce_ex__(protocol)
        return _empty, (definition,), self.__dict__


def _empty(definition: Definition) -> Struct:
    made: Any = class_of(definition)
    return object.__new__(made)  # type: ignore[no-any-return]


def _reduce_class(cls: StructType) -> str | tuple[Any, ...]:
    definition = cls.__dict__.get("__mojo__")
    return cls.__qualname__ if definition is None else (class_of, (definition,))


copyreg.pickle(StructType, _reduce_class)

_classes: weakref.WeakValueDictionary[str, StructType] = weakref.WeakValueDictionary()


def class_of(definition: Definition) -> StructType:
    """Return the class of a struct, the same one each time.

    Examples
    --------
    >>> Point = class_of(Definition("mc_u1.Point", "__main__", None, (("x", "Float64"), ("n", "Int")), ()))
    >>> Point(1.5, n=2), Point(1.5, 2) == Point(1.5, 2)
    (Point(x=1.5, n=2), True)
    """
    found = _classes.get(definition.key)
    return found if found is not None else _classes.setdefault(definition.key, _make(definition))


def _make(definition: Definition) -> StructType:
    from dataclasses import make_dataclass

    from mojocell import _bridge

    name = definition.key.rpartition(".")[2]
    inner = {part.key: class_of(part) for part in definition.parts}
    fields = [(field, _bridge.annotation(kind, classes=inner)) for field, kind in definition.fields]
    own: dict[str, Any] = {"__module__": definition.module, "__mojo__": definition}
    if definition.doc:
        own["__doc__"] = inspect.cleandoc(definition.doc)
    made: Any = make_dataclass(name, fields, bases=(Struct,), namespace=own)
    made.__module__ = definition.module
    return made  # type: ignore[no-any-return]


def classes(records: Iterable[Mapping[str, Any]], module: str) -> dict[str, StructType]:
    """Return the classes of the structs of a compiled source, by their keys.

    Parameters
    ----------
    records : iterable of mapping
        As ``docs/protocol.md`` has them.
    module : str
        The ``__module__`` of what is made.
    """
    made: dict[str, Definition] = {}
    for record in records:
        key = f"{record['module']}.{record['name']}"
        fields = tuple((str(field["name"]), str(field["type"])) for field in record["fields"])
        parts = tuple(each for part, each in made.items() if any(f"[{part}," in kind for _, kind in fields))
        made[key] = Definition(key, module, record.get("docstring"), fields, parts)
    return {key: class_of(definition) for key, definition in made.items()}


def by_name(
    records: Iterable[Mapping[str, Any]], found: Mapping[str, StructType], *, own: bool = False
) -> dict[str, StructType]:
    """Return the classes by the names of their structs; the source's own count where two have one.

    Parameters
    ----------
    records : iterable of mapping
        As for `classes`.
    found : mapping
        What that returned.
    own : bool
        Those alone that the source defines itself.
    """
    ordered = sorted(records, key=lambda record: bool(record["own"]))
    return {
        record["name"]: found[f"{record['module']}.{record['name']}"]
        for record in ordered
        if record["own"] or not own
    }


def signatures(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what a source's own structs look like.

    Examples
    --------
    >>> fields = [{"name": "x", "type": "Float64", "mojo": "Float64"}]
    >>> signatures([{"name": "Point", "module": "mc_u1", "own": True, "line": 2, "fields": fields}])
    {'Point': 'struct Point(x: Float64)'}
    """
    return {
        record["name"]: f"struct {record['name']}("
        + ", ".join(f"{field['name']}: {field['mojo']}" for field in record["fields"])
        + ")"
        for record in records
        if record["own"]
    }
