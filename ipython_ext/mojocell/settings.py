"""Settings: one set of keys, whichever way they are given.

In order of weight: what the program sets (`set_value`, ``%config Mojocell.timeout = 5``), the
environment (``MOJOCELL_TIMEOUT=5``), the nearest ``pyproject.toml`` (``[tool.mojocell]``,
``timeout = 5``), the default.

Programs and functions each have their modes, and the words are different ones: ``mode`` takes
those of functions as well and means ``call_mode`` then, so that ``MOJOCELL_MODE=isolated`` does
what it says.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Setting(NamedTuple):
    """One key.

    Attributes
    ----------
    key : str
        Its name in ``%config`` and in ``pyproject.toml``; ``MOJOCELL_`` and the name in capitals in
        the environment.
    default : object
        What holds where nobody says anything.
    check : callable
        Returns the value to use for a value given, raises ValueError that says what is expected.
    help : str
        What it does.
    """

    key: str
    default: Any
    check: Callable[[Any], Any]
    help: str


def _path(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str | os.PathLike):
        msg = "a path"
        raise ValueError(msg)  # noqa: TRY004  (one kind of error for every value that does not fit)
    return os.path.abspath(os.path.expanduser(os.fspath(value)))


def _choice(*choices: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return str(value)

    return check


def _mode(value: Any) -> str:
    if value not in PROGRAM_MODES:
        raise ValueError("one of " + ", ".join(PROGRAM_MODES + CALL_MODES))
    return str(value)


def _call_mode(value: Any) -> str | None:
    return None if value in (None, "", "auto") else _choice("auto", *CALL_MODES)(value)


def _flags(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        import shlex

        return tuple(shlex.split(value))
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    msg = "a list of strings"
    raise ValueError(msg)


def _positive(kind: type[int | float], what: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value is None or value == "":
            return None
        try:
            number: Any = kind(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError(what) from None
        if isinstance(number, bool) or not isinstance(number, int | kind) or not 0 < number < float("inf"):
            raise ValueError(what)
        return number

    return check


def _size(value: Any) -> int:
    number = _positive(int, "a whole number above 0")(value)
    if number is None:
        msg = "a whole number above 0"
        raise ValueError(msg)
    return int(number)


def _bool(value: Any) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if isinstance(value, bool):
        return value
    msg = "true or false"
    raise ValueError(msg)


#: How programs run, and how functions are called.
PROGRAM_MODES = ("cached", "run")
CALL_MODES = ("inline", "isolated")

SETTINGS: dict[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting(
            "toolchain",
            None,
            _path,
            "the Mojo to use: its mojo binary, its modular directory or its environment's prefix",
        ),
        Setting(
            "mode",
            "cached",
            _mode,
            "how programs run: cached, or run (always compile); inline and isolated set call_mode",
        ),
        Setting(
            "call_mode",
            None,
            _call_mode,
            "how functions are called: inline in this process, isolated in a worker, or auto: inline unless "
            "the process serves several people",
        ),
        Setting("flags", (), _flags, "compiler flags of every cell, before its own"),
        Setting(
            "timeout",
            None,
            _positive(float, "a number of seconds above 0"),
            "seconds that a program may run; none: no limit",
        ),
        Setting(
            "memory",
            None,
            _positive(int, "a whole number of MB above 0"),
            "MB that a program may use; none: no limit",
        ),
        Setting(
            "cpu",
            None,
            _positive(float, "a number of seconds above 0"),
            "seconds of processor time that a program may use; none: no limit",
        ),
        Setting(
            "processes",
            None,
            _positive(int, "a whole number above 0"),
            "processes that a program may have; none: no limit",
        ),
        Setting(
            "most_output",
            None,
            _positive(int, "a whole number of MB above 0"),
            "MB that a program may print; none: 64",
        ),
        Setting("modernize", True, _bool, "repair older Mojo with the compiler's own fix-its, and say so"),
        Setting("prefetch", True, _bool, "compile the cells of a trusted notebook when it is opened"),
        Setting(
            "speculate",
            True,
            _bool,
            "compile a cell while it is typed, and what uses a cell that was changed",
        ),
        Setting(
            "status",
            "auto",
            _choice("auto", "always", "never"),
            "the line of times above output: auto leaves it out where a notebook is run without a reader",
        ),
        Setting(
            "shown",
            262144,
            _size,
            "characters of each output stream that a notebook shows before it leaves out the middle",
        ),
        Setting(
            "runtime_dir", None, _path, "where the daemon's socket is; none: the user's runtime directory"
        ),
    )
}

_set: dict[str, Any] = {}
# A pyproject.toml, and its table; and those that were read, with their stamps.
_Project = tuple[str, "Mapping[str, Any]"]
_NO_PROJECT: _Project = ("", {})
_files: dict[str, tuple[tuple[str, int, int], _Project]] = {}


class _Known(NamedTuple):
    """All settings, and what they were taken from: they hold while that stays."""

    project: _Project
    variables: dict[str, str]
    own: dict[str, Any]
    found: dict[str, tuple[Any, str]]

    def holds(self, project: _Project, variables: dict[str, str]) -> bool:
        return self.project is project and self.variables is variables and self.own == _set


_known = _Known(_NO_PROJECT, {}, {}, {})


def value_of(key: str) -> Any:
    """Return the value of a setting.

    Parameters
    ----------
    key : str
        One of `SETTINGS`.

    Returns
    -------
    object
        The value that weighs most.

    Raises
    ------
    MojoError
        The environment or ``pyproject.toml`` gives it a value that it cannot have.

    Examples
    --------
    >>> value_of("mode")
    'cached'
    """
    return _found(key)[0]


def origin(key: str) -> str:
    """Return where the value of a setting comes from, in words.

    Examples
    --------
    >>> origin("mode")
    'default'
    """
    return _found(key)[1]


def set_value(key: str, value: Any) -> None:
    """Set a setting for this process; None goes back to what holds without it.

    Parameters
    ----------
    key : str
        One of `SETTINGS`.
    value : object
        Its value.

    Raises
    ------
    KeyError
        There is no such setting.
    ValueError
        It cannot have this value.

    Examples
    --------
    >>> set_value("timeout", 5)
    >>> value_of("timeout"), origin("timeout")
    (5, 'set in this process')
    >>> set_value("timeout", None)
    """
    if key == "mode" and _is_call_mode(value):
        key = "call_mode"
    setting = SETTINGS[key]
    if value is None:
        _set.pop(key, None)
        return
    try:
        _set[key] = setting.check(value)
    except ValueError as error:
        msg = f"{key} must be {error}, not {value!r}"
        raise ValueError(msg) from None


def everything() -> dict[str, tuple[Any, str]]:
    """Return every setting with its value and where that comes from.

    Examples
    --------
    >>> sorted(everything()) == sorted(SETTINGS)
    True
    """
    global _known  # noqa: PLW0603  (replaced as a whole)
    project, variables = _pyproject(), environment()
    known = _known
    if not known.holds(project, variables):
        found = {key: _lookup(key, variables, project) for key in SETTINGS}
        _known = known = _Known(project, variables, dict(_set), found)
    return dict(known.found)


def values() -> dict[str, Any]:
    """Return the value of every setting; one look at the files serves all.

    Examples
    --------
    >>> values()["mode"]
    'cached'
    """
    return {key: value for key, (value, _) in everything().items()}


# The variables of the process as they were when `environment` last looked, and as text.
_seen: tuple[dict[bytes, bytes], dict[str, str]] = ({}, {})


def environment() -> dict[str, str]:
    """Return the variables of this process; the same dict, which nobody may change, until one changes.

    `os.environ` turns names and values into text each time it is asked, for a request that is more work
    than all the rest of it.
    """
    global _seen  # noqa: PLW0603  (one pair, replaced as a whole: another thread sees the old or the new one)
    raw = getattr(os.environ, "_data", None)
    if not isinstance(raw, dict):
        return dict(os.environ)
    seen = _seen
    if raw != seen[0]:
        taken = dict(raw)
        try:
            text = {os.fsdecode(name): os.fsdecode(value) for name, value in taken.items()}
        except TypeError:
            return dict(os.environ)
        _seen = seen = (taken, text)
    return seen[1]


def _found(key: str) -> tuple[Any, str]:
    """Return one setting; what is wrong with others does not matter."""
    project, variables, known = _pyproject(), environment(), _known
    if known.holds(project, variables):
        return known.found[key]
    return _lookup(key, variables, project)


def _lookup(key: str, variables: dict[str, str], project: _Project) -> tuple[Any, str]:
    setting = SETTINGS[key]
    if key in _set:
        return _set[key], "set in this process"
    names = ("call_mode", "mode") if key == "call_mode" else (key,)
    for name in names:
        variable = f"MOJOCELL_{name.upper()}"
        text = variables.get(variable)
        if text and _means(key, name, text):
            return _checked(setting, text, variable), variable
    path, table = project
    for name in names:
        if name in table and _means(key, name, table[name]):
            value = table[name]
            if setting.check is _path and isinstance(value, str):
                value = os.path.join(os.path.dirname(path), os.path.expanduser(value))
            return _checked(setting, value, f"{path}: [tool.mojocell] {name}"), path
    return setting.default, "default"


def _is_call_mode(value: Any) -> bool:
    return isinstance(value, str) and value in CALL_MODES


def _means(key: str, name: str, value: Any) -> bool:
    """Tell whether a value given under a name is for a key: `mode` takes the words of both."""
    return name != "mode" or _is_call_mode(value) == (key == "call_mode")


def _checked(setting: Setting, value: Any, where: str) -> Any:
    try:
        return setting.check(value)
    except ValueError as error:
        from mojocell.errors import MojoError

        msg = f"{where} must be {error}, not {value!r}"
        raise MojoError(msg, code="settings") from None


def _pyproject() -> _Project:
    """Return the nearest pyproject.toml from the working directory upwards, and what it says of us.

    It is the same pair while neither changes.
    """
    try:
        directory = os.getcwd()
    except FileNotFoundError:
        return _NO_PROJECT
    for path in _candidates(directory):
        if os.access(path, os.F_OK):
            try:
                status = os.stat(path)
            except OSError:
                continue
            stamp = (path, status.st_mtime_ns, status.st_size)
            if path not in _files or _files[path][0] != stamp:
                _files[path] = (stamp, (path, _read(path)))
            return _files[path][1]
    return _NO_PROJECT


@functools.lru_cache(maxsize=8)
def _candidates(directory: str) -> tuple[str, ...]:
    """Return where a pyproject.toml counts for a working directory, the nearest first."""
    places = [directory]
    while (parent := os.path.dirname(places[-1])) != places[-1]:
        places.append(parent)
    return tuple(os.path.join(place, "pyproject.toml") for place in places)


def _read(path: str) -> dict[str, Any]:
    """Return the table ``tool.mojocell`` of a file."""
    from mojocell.errors import MojoError

    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return {}
    if b"mojocell" not in content:
        return {}
    import tomllib

    try:
        table = tomllib.loads(content.decode()).get("tool", {}).get("mojocell", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read: {error}"
        raise MojoError(msg, code="settings") from None
    if not isinstance(table, dict):
        msg = f"{path}: [tool.mojocell] must be a table"
        raise MojoError(msg, code="settings")
    unknown = sorted(set(table) - set(SETTINGS))
    if unknown:
        from mojocell.show.words import nearest

        msg = f"{path}: [tool.mojocell] has no setting {unknown[0]!r}{nearest(unknown[0], SETTINGS)}"
        raise MojoError(msg, code="settings")
    return table
