"""The one way to the daemon: the client of this process, requests, answers, errors."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mojocell import settings
from mojocell.errors import ProtocolError, from_code

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

    directory = settings.value_of("runtime_dir")
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
    on_ask: Callable[[], bytes] | None = None,
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
    on_ask : callable or None
        Called where a program that asks waits for a line of its standard input, which it returns.
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
        raw, _ = client().request(encode(header), frames, event, timeout, silence, on_quiet, on_ask)
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


def encode(header: dict[str, Any]) -> bytes:
    """Return a header as it travels; ValueError for text that UTF-8 cannot carry."""
    try:
        return _encode(header).encode()
    except UnicodeEncodeError as error:
        bad = error.object[error.start : error.end]
        msg = f"the request has text that is not valid Unicode: {bad!r}"
        raise ValueError(msg) from None
