r"""Mojo in notebook cells: compiled once, cached, and run beside the kernel.

In a notebook::

    %load_ext mojocell

    %%mojo
    print("Hello from Mojo")

In a script, in marimo, anywhere else in Python:

>>> import mojocell as mc
>>> mc.run('print("Hello from Mojo")').stdout
'Hello from Mojo\n'

Names are imported when they are first used, so that ``import mojocell`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mojocell import cache as cache
    from mojocell import errors as errors
    from mojocell import patterns as patterns
    from mojocell import settings as settings
    from mojocell import widgets as widgets
    from mojocell._bridge import CopyWarning as CopyWarning
    from mojocell._bridge import Function
    from mojocell.api import cell as cell
    from mojocell.api import clear_cache as clear_cache
    from mojocell.api import compile as compile  # noqa: A004
    from mojocell.api import import_module as import_module
    from mojocell.api import info as info
    from mojocell.api import run as run
    from mojocell.assembly import asm as asm
    from mojocell.call.mapping import MojoMap as MojoMap
    from mojocell.call.mapping import vectorize as vectorize
    from mojocell.call.module import MojoModule as MojoModule
    from mojocell.call.unit import interrupt as interrupt
    from mojocell.comparison import compare as compare
    from mojocell.core.machine import machine as machine
    from mojocell.core.result import RunResult as RunResult
    from mojocell.decorator import mojo as mojo
    from mojocell.diagnostics import Diagnostic as Diagnostic
    from mojocell.errors import DaemonUnavailable as DaemonUnavailable
    from mojocell.errors import MojoCompileError as MojoCompileError
    from mojocell.errors import MojoCrash as MojoCrash
    from mojocell.errors import MojoError as MojoError
    from mojocell.errors import MojoLimit as MojoLimit
    from mojocell.errors import MojoReturnError as MojoReturnError
    from mojocell.errors import MojoRuntimeError as MojoRuntimeError
    from mojocell.errors import MojoTimeout as MojoTimeout
    from mojocell.errors import ProtocolError as ProtocolError
    from mojocell.errors import ToolchainNotFound as ToolchainNotFound
    from mojocell.magics import load_ipython_extension as load_ipython_extension
    from mojocell.magics import unload_ipython_extension as unload_ipython_extension
    from mojocell.profiling import profile as profile
    from mojocell.widgets import interact as interact

    MojoFunction = Function

__version__ = "0.1.0"

# Where each public name lives, and behind a colon what it is called there; a name mapped to None is a module.
_HOMES = {
    "cache": None,
    "errors": None,
    "patterns": None,
    "settings": None,
    "widgets": None,
    "cell": "api",
    "compare": "comparison",
    "mojo": "decorator",
    "clear_cache": "api",
    "compile": "api",
    "import_module": "api",
    "info": "api",
    "run": "api",
    "Diagnostic": "diagnostics",
    "DaemonUnavailable": "errors",
    "MojoCompileError": "errors",
    "MojoCrash": "errors",
    "MojoError": "errors",
    "MojoLimit": "errors",
    "MojoReturnError": "errors",
    "MojoRuntimeError": "errors",
    "MojoTimeout": "errors",
    "ProtocolError": "errors",
    "ToolchainNotFound": "errors",
    "CopyWarning": "_bridge",
    "MojoFunction": "_bridge:Function",
    "interrupt": "call.unit",
    "machine": "core.machine",
    "load_ipython_extension": "magics",
    "unload_ipython_extension": "magics",
    "MojoMap": "call.mapping",
    "vectorize": "call.mapping",
    "MojoModule": "call.module",
    "asm": "assembly",
    "profile": "profiling",
    "RunResult": "core.result",
    "interact": "widgets",
}

__all__ = [  # noqa: PLE0604  (a plain list of strings, kept next to the table it mirrors)
    "__version__",
    *sorted(_HOMES),
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    home, _, attribute = (_HOMES[name] or "").partition(":")
    value = (
        getattr(import_module(f"{__name__}.{home}"), attribute or name)
        if home
        else import_module(f"{__name__}.{name}")
    )
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_HOMES))
