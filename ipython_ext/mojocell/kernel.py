"""What IPython does with signals, and how inline calls stay interruptible in spite of it.

An inline call is interrupted by a handler of ours, which hands on what is not its business. But a
kernel puts Python's own handler for Ctrl-C in place before every message, around asynchronous cells
once more, and a terminal does so around its prompt. So ours is put back each time.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

_followed: Any = None


def follow() -> None:
    """Put the handlers in place, and have that done before every cell and every message of a kernel.

    Called when the first functions are loaded that run in this process.
    """
    global _followed  # noqa: PLW0603  (there is one shell in a process)
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is None or shell is _followed:
        return
    _followed = shell
    shell.events.register("pre_run_cell", _before_cell)
    kernel: Any = getattr(shell, "kernel", None)
    original: Any = getattr(kernel, "pre_handler_hook", None)
    if original is None:
        return

    def before_message() -> None:
        original()
        arm()

    kernel.pre_handler_hook = before_message


def reads_output() -> bool:
    """Tell whether this process itself reads what it prints, as a kernel does.

    A thread of Python's empties the pipe: whoever holds the GIL and fills it waits for ever.
    """
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def arm() -> None:
    """Put the handlers in place; nothing in a thread that no signal interrupts."""
    from mojocell import _bridge

    if threading.current_thread() is threading.main_thread():
        _bridge.arm()


def _before_cell(_info: object) -> None:
    arm()
