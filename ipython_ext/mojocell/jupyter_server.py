"""An extension of Jupyter Server: messages between page and kernel go out at once.

The operating system may hold a small packet back until the one before is acknowledged (Nagle's algorithm),
which costs widgets some 40 ms for each change. Jupyter Server leaves that on for its websockets; this
extension turns it off for those of kernels (``TCP_NODELAY``). It is not enabled unless somebody says so::

    jupyter server extension enable mojocell.jupyter_server
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter Server where the extension is."""
    return [{"module": "mojocell.jupyter_server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Turn Nagle's algorithm off for websockets that are opened from now on.

    Parameters
    ----------
    app : jupyter_server.serverapp.ServerApp
        Its log tells what was done, or that this server is not one that the extension knows.
    """
    try:
        from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
    except ImportError as error:
        app.log.warning("mojocell: kernel websockets are left as they are: %s", error)
        return
    opening = getattr(KernelWebsocketHandler, "open", None)
    if opening is None or not hasattr(KernelWebsocketHandler, "set_nodelay"):
        app.log.warning("mojocell: kernel websockets are left as they are: this Jupyter Server has others")
        return
    if not getattr(opening, "sends_at_once", False):
        KernelWebsocketHandler.open = _at_once(opening)  # type: ignore[method-assign]
    app.log.info("mojocell: kernel websockets send at once (TCP_NODELAY)")


def _at_once(opening: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``open`` of a websocket that also sets the option."""

    @functools.wraps(opening)
    async def opened(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = await opening(self, *args, **kwargs)
        if self.ws_connection is not None:  # the page may have gone meanwhile
            self.set_nodelay(True)
        return result

    opened.sends_at_once = True  # type: ignore[attr-defined]
    return opened
