"""The one way to the daemon: the client of this process, requests, answers, errors."""

from __future__ import annotations

import functools
import json
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import settings
from mojocell.errors import MojoError, ProtocolError, from_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mojocell._bridge import Client

LIBEXEC = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_libexec")


def daemon_path() -> str | None:
    """Return the path of mojocelld, None to leave the choice to the client."""
    own = os.environ.get("MOJOCELL_DAEMON") or os.path.join(LIBEXEC, "mojocelld")
    return own if os.path.exists(own) else None


# The process's clients by runtime directory: in practice one. Each serves all threads, and is good
# on both sides of a fork.
_clients: dict[str | None, Client] = {}


def client() -> Client:
    """Return the client; it connects, and starts the daemon, with its first request."""
    from mojocell import _bridge

    directory = settings.get("runtime_dir")
    found = _clients.get(directory)
    return found or _clients.setdefault(directory, _bridge.Client(directory, daemon_path(), True))


def close() -> None:
    """Forget the clients; the next request makes a new one. Requests under way go on."""
    _clients.clear()


def request(
    header: dict[str, Any],
    frames: Sequence[bytes] = (),
    on_event: Callable[[dict[str, Any], list[bytes]], object] | None = None,
    *,
    timeout: float | None = None,
    silence: float | None = None,
    on_quiet: Callable[[], object] | None = None,
    only_output: bool = False,
) -> dict[str, Any]:
    """Send a request and wait for its result.

    Parameters
    ----------
    header : dict
        The request without ``id`` and ``window``, which the client adds.
    frames : sequence of bytes
        Its binary frames.
    on_event : callable or None
        Called with the header and frames of each event before the last.
    timeout : float or None
        Seconds to wait for the whole answer.
    silence : float or None
        Seconds to wait for a daemon that says nothing, not even whether it hears; `patience` makes them of
        the time that a program has.
    on_quiet : callable or None
        Called about every 50 ms.
    only_output : bool
        Whether events that bring no frames are of no interest, but for those of a compilation.

    Returns
    -------
    dict
        The ``result`` event.

    Raises
    ------
    MojoError
        Of the class that its code has: the request could not be served.
    KeyboardInterrupt
        After the request was cancelled.
    """
    from mojocell import _bridge

    event = None
    if on_event is not None:

        def event(raw: bytes, data: list[bytes]) -> None:
            if data or not only_output or b'"compil' in raw:
                on_event(_decode(raw.decode()), data)

    try:
        raw, _ = client().request(*_message(header, frames), event, timeout, silence, on_quiet)
    except _bridge.Error as error:
        if error.code == "interrupted":
            raise KeyboardInterrupt from None
        raise from_code(error.code, error.message, error.hint) from None
    try:
        answer = _decode(raw.decode())
    except ValueError as error:
        msg = f"the daemon's answer is not JSON: {error}"
        raise ProtocolError(msg) from None
    if not isinstance(answer, dict):
        msg = "the daemon's answer is not an object"
        raise ProtocolError(msg)
    return answer


_decode = json.JSONDecoder().decode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class _Shared(NamedTuple):
    """What most requests have in common: the caller's environment, as it is and as it travels."""

    own: dict[str, str]  # of the process
    naming: dict[str, str]
    portable: dict[str, str]
    block: bytes


_shared = _Shared({}, {}, {}, b"")


def _process_environment() -> dict[str, str]:
    """Return `environment()` without what JSON cannot carry; the same dict while nothing in it changes."""
    global _shared  # noqa: PLW0603  (replaced as a whole)
    own = settings.environment()
    naming = _naming(sys.executable)
    shared = _shared
    if own is not shared.own or naming is not shared.naming:
        portable = _portable(_with_python(own, naming))
        _shared = shared = _Shared(own, naming, portable, _block(portable))
    return shared.portable


#: The most seconds that a limit is sent as (30 years), and the most MB: more is the same as none.
MOST_SECONDS = 1e9
MOST_MB = 1 << 40
MOST_PROCESSES = 1 << 22
#: A daemon on a busy machine is not taken for one that hangs.
_LEAST_PATIENCE = 2.0


def patience(limit: float | None) -> float | None:
    """Return how long a daemon may say nothing to who has given a program so many seconds.

    Examples
    --------
    >>> patience(3), patience(0.1), patience(None)
    (3.0, 2.0, None)
    """
    return None if limit is None else max(_LEAST_PATIENCE, float(min(limit, MOST_SECONDS)))


def _block(env: dict[str, str]) -> bytes:
    """Return variables as a frame has them."""
    return "".join(f"{name}={value}\0" for name, value in env.items()).encode()


def _message(header: dict[str, Any], frames: Sequence[bytes]) -> tuple[bytes, Sequence[bytes]]:
    """Return header and frames as they travel, the environment of most requests in a frame of its own."""
    shared = _shared
    if header.get("env") is not shared.portable:
        return encode(header), frames
    return encode({**header, "env": {"frame": len(frames)}}), [*frames, shared.block]


def encode(header: dict[str, Any]) -> bytes:
    """Return a header as it travels; ValueError for text that UTF-8 cannot carry."""
    try:
        return _encode(header).encode()
    except UnicodeEncodeError as error:
        bad = error.object[error.start : error.end]
        msg = f"the request has text that is not valid Unicode: {bad!r}"
        raise ValueError(msg) from None


def surroundings(
    cwd: str | None = None, env: dict[str, str] | None = None, toolchain: str | None = None
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
    """
    header: dict[str, Any] = {
        "cwd": _directory(cwd),
        "env": _process_environment() if env is None else _portable(environment(env)),
        "umask": _umask(),
        "sites": sites(),
    }
    if toolchain:
        header["toolchain"] = toolchain
    return header


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
