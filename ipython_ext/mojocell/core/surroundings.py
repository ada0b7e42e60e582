"""What a request says of its caller: directory, environment, umask, compiler, the Python inside Mojo."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import settings
from mojocell.errors import MojoError

if TYPE_CHECKING:
    from collections.abc import Mapping


def of_caller(
    cwd: str | None = None,
    env: dict[str, str] | None = None,
    toolchain: str | None = None,
    *,
    frames: list[bytes] | None = None,
) -> dict[str, Any]:
    """Return what a request says of the caller: directory, environment, umask, compiler.

    Parameters
    ----------
    cwd : str or None
        Another working directory, relative to the present one.
    env : dict of str or None
        Another environment than the process's; `environment` adds to it.
    toolchain : str or None
        The setting.
    frames : list of bytes or None
        The request's binary frames: the process's environment is added to them, instead of to the header.
    """
    header: dict[str, Any] = {
        "cwd": _directory(cwd),
        "env": _process_environment(frames) if env is None else _portable(environment(env)),
        "umask": _umask(),
        "sites": sites(),
    }
    if toolchain:
        header["toolchain"] = toolchain
    return header


class _Shared(NamedTuple):
    """What most requests have in common: the caller's environment, as it is and as it travels."""

    own: dict[str, str]  # of the process
    naming: dict[str, str]
    portable: dict[str, str]
    block: bytes


_shared = _Shared({}, {}, {}, b"")


def _process_environment(frames: list[bytes] | None) -> dict[str, Any]:
    """Return `environment()` without what JSON cannot carry, or the frame that has it."""
    global _shared  # noqa: PLW0603  (replaced as a whole)
    own = settings.environment()
    naming = _naming(sys.executable)
    shared = _shared
    if own is not shared.own or naming is not shared.naming:
        portable = _portable(_with_python(own, naming))
        _shared = shared = _Shared(own, naming, portable, _block(portable))
    if frames is None:
        return shared.portable
    frames.append(shared.block)
    return {"frame": len(frames) - 1}


def environment(env: dict[str, str] | None = None) -> dict[str, str]:
    """Return what a program has as its environment: where that chooses no Python for Mojo, the caller's.

    Parameters
    ----------
    env : dict of str or None
        Another environment than the process's.

    Examples
    --------
    >>> environment({"HOME": "/home/ann"})["MOJO_PYTHON"] == sys.executable
    True
    >>> environment({"MOJO_PYTHON": "/usr/bin/python3"})
    {'MOJO_PYTHON': '/usr/bin/python3'}
    """
    return _with_python(dict(os.environ) if env is None else env, _naming(sys.executable))


def _with_python(env: dict[str, str], naming: dict[str, str]) -> dict[str, str]:
    if "MOJO_PYTHON" in env or "MOJO_PYTHON_LIBRARY" in env:
        return env
    return {**env, **naming}


def interpreter(env: Mapping[str, str]) -> str | None:
    """Return the Python that Mojo takes in an environment.

    Parameters
    ----------
    env : mapping of str
        The whole environment of a program.

    Examples
    --------
    >>> interpreter({"MOJO_PYTHON": "/env/bin/python", "PATH": "/usr/bin"})
    '/env/bin/python'
    """
    import shutil

    path = env.get("PATH", "")
    return env.get("MOJO_PYTHON") or shutil.which("python3", path=path) or shutil.which("python", path=path)


def _block(env: dict[str, str]) -> bytes:
    """Return variables as a frame has them."""
    return "".join(f"{name}={value}\0" for name, value in env.items()).encode()


@functools.cache
def _naming(python: str | None) -> dict[str, str]:
    """Return the variables that make Mojo load a Python; none where ``sys.executable`` is another program.

    Such are a host that has Python inside, and what a tool has made of a script. Mojo's runtime asks the
    interpreter for its library by a command of a shell, with the path as it stands: where a shell would
    take that apart, the library is named as well, and nothing is asked.
    """
    name = os.path.basename(python or "").lower()
    if python is None or not os.path.isabs(python) or not name.startswith("python"):
        return {}
    if getattr(sys, "frozen", False):
        return {}
    if all(char.isalnum() or char in "%+,-./:=@_" for char in python):
        return {"MOJO_PYTHON": python}
    library = _library()
    return {"MOJO_PYTHON": python, "MOJO_PYTHON_LIBRARY": library} if library else {}


def _library() -> str | None:
    """Return this Python's shared library, looked for where Mojo does."""
    import sysconfig

    name = f"libpython{sysconfig.get_config_var('py_version_short')}{sys.abiflags}.so"
    places = [sysconfig.get_config_var(place) for place in ("LIBPL", "LIBDIR")]
    found = [os.path.join(place, name) for place in places if place]
    return next((path for path in found if os.path.exists(path)), None)


def _directory(cwd: str | None) -> str:
    try:
        return os.path.abspath(cwd) if cwd is not None else os.getcwd()
    except FileNotFoundError:
        msg = "the working directory does not exist any more"
        raise MojoError(msg, code="not_found", hint="change to one that does: os.chdir, %cd") from None


def _portable(env: dict[str, str]) -> dict[str, str]:
    """Return the variables that are valid UTF-8; JSON cannot carry the others."""
    try:
        "".join(env).encode()
        "".join(env.values()).encode()
    except UnicodeEncodeError:
        return {name: value for name, value in env.items() if _is_utf8(name) and _is_utf8(value)}
    return env


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _umask() -> int:
    """Return the umask, without the moment of a wrong one that setting and resetting it has."""
    try:
        file = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
        try:
            text = os.read(file, 512)
        finally:
            os.close(file)
        return int(text.split(b"Umask:", 1)[1].split(None, 1)[0], 8)
    except (OSError, IndexError, ValueError):
        mask = os.umask(0o077)
        os.umask(mask)
        return mask


def sites() -> list[str]:
    """Return the directories on sys.path that may hold a ``modular`` package, in order."""
    return [entry for entry, package in _candidates(tuple(sys.path)) if not package or _is_directory(package)]


def _is_directory(path: str) -> bool:
    """Tell so; most are not there, which `access` tells without an exception inside."""
    return os.access(path, os.F_OK) and os.path.isdir(path)


@functools.lru_cache(maxsize=4)
def _candidates(path: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return a path's directories that the daemon can be told, with what each has to have; "": nothing."""
    found = {}
    for entry in path:
        if os.path.isabs(entry) and entry not in found and _is_utf8(entry):
            is_site = os.path.basename(entry) in ("site-packages", "dist-packages")
            found[entry] = "" if is_site else os.path.join(entry, "modular")
    return tuple(found.items())
