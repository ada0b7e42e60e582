"""What this process runs in: a notebook of marimo, IPython, or neither.

What differs between them is a `Host`; nothing else in the package asks which one it is.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mojocell.hosts.host import Host


def current() -> Host:
    """Return the host of this process, as it is now: a front end may be imported after us.

    Examples
    --------
    >>> current().default_mode()
    'inline'
    """
    if "marimo" in sys.modules:
        from mojocell.hosts import marimo

        if marimo.is_here():
            return marimo.Marimo()
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        from mojocell.hosts.ipython import IPython

        return IPython(shell)
    from mojocell.hosts.terminal import Terminal

    return Terminal()


def edited_file() -> str | None:
    """Return the file of the notebook of marimo that is edited in this process; None where none is."""
    if "marimo" not in sys.modules:
        return None
    from mojocell.hosts import marimo

    return marimo.edited_file()


def read_line() -> bytes:
    """Return the next line that a function reads of this process's standard input; nothing at its end.

    Called by functions in this process, which read as Python's ``input`` does.
    """
    reader = current().reader()
    if reader is None:
        line = sys.stdin.readline() if sys.stdin is not None else ""
    else:
        try:
            line = f"{reader('')}\n"
        except EOFError:
            line = ""
    return line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line


def know_by_content(kind: Callable[[], type], content: Callable[[Any], bytes]) -> bool:
    """Let caches of values know objects by what they are made of, not by the cell they come from.

    Parameters
    ----------
    kind : callable
        Returns their type.
    content : callable
        Returns what one is made of.

    Returns
    -------
    bool
        Whether there is such a cache.
    """
    if "marimo" not in sys.modules:
        return False
    from mojocell.hosts import marimo

    return marimo.know_by_content(kind(), content)
