"""The arguments of `run`, `compile` and `cell`: what each of them has to be, said once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mojocell.settings import CALL_MODES, PROGRAM_MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def checked(given: Mapping[str, Any], modes: Sequence[str]) -> dict[str, Any]:
    """Return arguments as requests have them.

    Parameters
    ----------
    given : mapping
        By name, as the function got them.
    modes : sequence of str
        What ``mode`` may be.

    Raises
    ------
    TypeError, ValueError
        One cannot be used; the message names it.

    Examples
    --------
    >>> checked({"flags": ("-O1",), "mode": None, "check": True}, PROGRAM_MODES)
    {'flags': ['-O1'], 'mode': None, 'check': True}
    """
    return {
        name: _mode(value, modes) if name == "mode" else _CHECKS.get(name, _any)(name, value)
        for name, value in given.items()
    }


def _wrong(kind: type[Exception], name: str, expected: str, value: object) -> Exception:
    shown = repr(value)
    return kind(f"{name} must be {expected}, not {shown if len(shown) < 80 else type(value).__name__}")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(TypeError, name, "a str", value)
    return value


def _file(name: str, value: str | os.PathLike[str]) -> str:
    place = os.path.abspath(os.path.expanduser(os.fspath(value)))
    if not isinstance(place, str):
        raise _wrong(TypeError, name, "a path in text", value)
    return place


def _named(name: str, value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _wrong(TypeError, name, "a mapping of names to values", value)
    return value


def _mode(value: str | None, modes: Sequence[str]) -> str | None:
    if value is None or value in modes:
        return value
    what = "how a program runs" if modes == PROGRAM_MODES else "how functions are called"
    expected = f"{what}: {', '.join(modes)}"
    if value in CALL_MODES:
        expected += " (inline and isolated are for functions: mc.compile, mc.cell)"
    elif value in PROGRAM_MODES:
        expected += " (cached and run are for programs: mc.run, mc.cell)"
    raise _wrong(ValueError, "mode", expected, value)


def _positive(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(type(value), "__float__"):
        raise _wrong(TypeError, name, "a number of seconds", value)
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:  # an int of hundreds of digits
        number = sys.float_info.max if value > 0 else -1.0  # type: ignore[operator]
    if not 0 < number < float("inf"):
        raise _wrong(ValueError, name, "above 0 and finite", value)
    return number


def _whole(of: str) -> Callable[[str, object], int | None]:
    def check(name: str, value: object) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not hasattr(type(value), "__index__"):
            raise _wrong(TypeError, name, f"a whole number{of}", value)
        number = value.__index__()  # type: ignore[attr-defined]
        if number <= 0:
            raise _wrong(ValueError, name, "above 0", value)
        return int(number)

    return check


def _flag(name: str, value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise _wrong(TypeError, name, "True or False", value)
    return value


def _strings(name: str, value: Iterable[str]) -> list[str]:
    if isinstance(value, str | bytes):
        raise _wrong(TypeError, name, "a list of str", value)
    try:
        items = list(value)
    except TypeError:
        raise _wrong(TypeError, name, "a list of str", value) from None
    for item in items:
        if not isinstance(item, str):
            raise _wrong(TypeError, name, "a list of str", value)
        if "\0" in item:
            raise _wrong(ValueError, name, "without NUL characters", value)
    return items


def _stdin(name: str, value: object) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise _wrong(ValueError, name, "valid Unicode", value) from None
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise _wrong(TypeError, name, "a str or bytes", value)


def _directory(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str | os.PathLike):
        raise _wrong(TypeError, name, "a path", value)
    path = os.fspath(value)
    if not isinstance(path, str):
        raise _wrong(TypeError, name, "a path in text", value)
    if not os.path.isdir(path):
        raise _wrong(ValueError, name, "a directory", value)
    return path


def _environment(name: str, value: object) -> dict[str, str] | None:
    if value is None:
        return None
    if not hasattr(value, "items"):
        raise _wrong(TypeError, name, "a mapping of str", value)
    env = dict(value.items())
    for key, text in env.items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise _wrong(TypeError, name, "a mapping of str", value)
        if not key or "=" in key or "\0" in key + text:
            raise _wrong(ValueError, name, f"made of valid names and values, which {key!r} is not", value)
    return env


def _any(_name: str, value: Any) -> Any:
    return value


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "source": _text,
    "path": _file,
    "name": _text,
    "timeout": _positive,
    "memory": _whole(" of MB"),
    "cpu": _positive,
    "processes": _whole(""),
    "most_output": _whole(" of MB"),
    "stdin": _stdin,
    "args": _strings,
    "flags": _strings,
    "exports": lambda name, value: None if value is None else _strings(name, value),
    "cwd": _directory,
    "env": _environment,
    "modernize": _flag,
    "nogil": _flag,
    "force": _flag,
    "echo": _flag,
    "inputs": _named,
    "outputs": _strings,
}
