"""The Python functions that stand beside Mojo ones, for tools: with annotations and the Mojo source."""

from __future__ import annotations

import builtins
import functools
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import CodeType, FunctionType

    from mojocell.core.result import RunResult

    #: One of the function table: `docs/protocol.md`.
    Entry = Mapping[str, Any]


class Unit(Protocol):
    """What is asked of the unit that a function is of."""

    source: str
    name: str
    module: str
    result: RunResult

    def function(self, name: str) -> Callable[..., Any]:
        """Return a function."""
        ...


class Computed:
    """A default that only Mojo can compute; shows as the source has it.

    Examples
    --------
    >>> Computed("limit * 2")
    limit * 2
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


class _Arrays:
    """Stands for ``numpy.typing.NDArray`` in annotations, without importing NumPy for them."""

    def __getitem__(self, dtype: str) -> Any:
        try:
            from numpy import dtype as numpy_dtype
            from numpy.typing import NDArray

            if dtype == "bfloat16":
                import ml_dtypes  # noqa: F401  # it is what makes the name known
        except ImportError:
            return object
        return NDArray[numpy_dtype(dtype).type]  # type: ignore[misc]


@functools.cache
def _names() -> dict[str, Any]:
    """Return what the names in annotations mean, for `typing.get_type_hints`."""
    from mojocell import _bridge

    return {"NDArray": _Arrays(), **{name: name.removesuffix("_") for name in _bridge.SCALARS.values()}}


def annotation(kind: str, *, returned: bool = False, classes: Mapping[str, type] | None = None) -> Any:
    """Return the Python annotation of a type as `runtime/abi/signature.h` writes it.

    Parameters
    ----------
    kind : str
        The type.
    returned : bool
        Of a result: lists come back as arrays.
    classes : mapping, optional
        Those of the structs in it, by what it calls them.

    Examples
    --------
    >>> [annotation(t) for t in ("Int8", "String", "Span[Int]", "Optional[Float64]")]
    [<class 'int'>, <class 'str'>, 'NDArray[int64]', float | None]
    """
    from mojocell import _bridge

    return _bridge.annotation(kind, returned=returned, classes=classes)


def make_stub(unit: Unit, name: str, entries: Sequence[Entry]) -> FunctionType:
    """Return the Python function that tools see in the place of a Mojo one, and that calls it.

    Its code is in a file of the line cache that holds the Mojo source, at the function's line, and has
    the artifact's key among its constants: what hashes functions by their code sees every change.

    Parameters
    ----------
    unit : Unit
        The source.
    name : str
        Of the function.
    entries : sequence of mapping
        Its overloads.
    """
    from types import FunctionType

    arguments = entries[0].get("arguments") or ()
    single = len(entries) == 1 and all(_is_plain(item["name"]) for item in arguments)
    scope: dict[str, Any] = {
        **_names(),
        **{found.__name__: found for found in (entries[0].get("classes") or {}).values()},
        "__name__": unit.module,
        "__builtins__": builtins,
        "_call": functools.partial(_call, unit, name),
    }
    stub = FunctionType(_code(unit, name, entries[0], arguments if single else None), scope, name)
    stub.__module__, stub.__qualname__ = unit.module, name
    stub.__doc__ = documentation(entries)
    stub.__dict__["__mojo__"] = unit
    classes = entries[0].get("classes")
    results = {
        annotation(str(entry.get("returns") or "None"), returned=True, classes=classes) for entry in entries
    }
    if single:
        _annotate(stub, arguments, classes)
    if len(results) == 1:
        stub.__annotations__["return"] = results.pop()
    return stub


def _is_plain(name: str) -> bool:
    from keyword import iskeyword

    return name.isidentifier() and not iskeyword(name) and name != "_call"


def _code(unit: Unit, name: str, entry: Entry, arguments: Sequence[Entry] | None) -> CodeType:
    """Compile the stub at its place in the file that stands for the Mojo source."""
    file = _source_file(unit)
    key = unit.result.key or unit.source
    if arguments is None:
        head, given = "*args, **kwargs", "args, kwargs"
    else:
        head, given = _head(arguments), _given(arguments)
    line = _first_line(unit, entry)
    text = "\n" * (line - 1) + f"def _stub({head}): return _call({key!r}, {given})"
    module = compile(text, file, "exec", dont_inherit=True)
    code: CodeType = next(item for item in module.co_consts if hasattr(item, "co_code"))
    # Names like `print` are no identifiers of a def in every Python, but a code object takes any.
    return code.replace(co_name=name, co_qualname=name)


def _head(arguments: Sequence[Entry]) -> str:
    pieces: list[str] = []
    for number, item in enumerate(arguments):
        kind = item.get("kind")
        before = arguments[number - 1].get("kind") if number else None
        after = arguments[number + 1].get("kind") if number + 1 < len(arguments) else None
        if kind == "keyword" and before != "keyword":
            pieces.append("*")
        has_default = "default" in item or "default_text" in item
        pieces.append(f"{item['name']}=None" if has_default else str(item["name"]))
        if kind == "positional" and after != "positional":
            pieces.append("/")
    return ", ".join(pieces)


def _given(arguments: Sequence[Entry]) -> str:
    first = [str(item["name"]) for item in arguments if item.get("kind") == "positional"]
    rest = [str(item["name"]) for item in arguments if item.get("kind") != "positional"]
    return f"[{', '.join(first)}], {{{', '.join(f'{name!r}: {name}' for name in rest)}}}"


def _first_line(unit: Unit, entry: Entry) -> int:
    """Return the line where a function begins, its decorators included."""
    lines = unit.source.split("\n")
    line = min(max(int(entry.get("line") or 1), 1), len(lines))
    while line > 1 and lines[line - 2].lstrip().startswith("@"):
        line -= 1
    return line


def _source_file(unit: Unit) -> str:
    """Put the source into the line cache; return the name of the file that it is there."""
    import binascii
    import linecache

    # A checksum is enough to tell a notebook's cells apart, and hashlib loads OpenSSL.
    file = f"<mojo {unit.name} {binascii.crc32(unit.source.encode('utf-8', 'replace')):08x}>"
    lines = [line + "\n" for line in unit.source.split("\n")]
    # Without a time of change it is never looked for on the disk.
    linecache.cache[file] = (len(unit.source), None, lines, file)
    return file


def _annotate(stub: FunctionType, arguments: Sequence[Entry], classes: Mapping[str, type] | None) -> None:
    named: list[Any] = []
    keyword: dict[str, Any] = {}
    for item in arguments:
        stub.__annotations__[item["name"]] = annotation(str(item["type"]), classes=classes)
        if "default" in item:
            value = item["default"]
        elif "default_text" in item:
            value = Computed(str(item["default_text"]))
        else:
            continue
        if item.get("kind") == "keyword":
            keyword[item["name"]] = value
        else:
            named.append(value)
    stub.__defaults__ = tuple(named) or None
    stub.__kwdefaults__ = keyword or None


def _call(unit: Unit, name: str, _key: str, positional: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Call the function that a stub stands for; defaults that Mojo computes are left to it."""
    given = [value for value in positional if not isinstance(value, Computed)]
    return unit.function(name)(
        *given, **{key: value for key, value in named.items() if not isinstance(value, Computed)}
    )


def documentation(entries: Sequence[Entry]) -> str:
    r"""Return the docstring of a function: its own, or its signature; of several, all of both.

    Examples
    --------
    >>> documentation([{"signature": "def f()", "docstring": "Do it.\n\n    Now."}])
    'Do it.\n\nNow.'
    >>> print(documentation([{"signature": "def f(n: Int)"}, {"signature": "def f(s: String)"}]))
    def f(n: Int)
    def f(s: String)
    """
    found = [entry["docstring"] for entry in entries if entry.get("docstring")]
    texts: list[str] = []
    if found:
        from inspect import cleandoc

        texts = list(dict.fromkeys(cleandoc(text).strip() for text in found))
    if len(entries) == 1 and texts:
        return texts[0]
    signatures = "\n".join(str(entry.get("signature") or "") for entry in entries)
    return "\n\n".join([signatures, *texts])
