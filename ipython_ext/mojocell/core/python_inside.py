"""Python inside Mojo (``std.python``): which one it is, and what to do where it cannot serve."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A program that tells which Python it got.
PROBE = """
from std.python import Python

def main() raises:
    var sys = Python.import_module("sys")
    print(Python.import_module("platform").python_version(), "of", sys.executable)
"""

# What Mojo's runtime says where it has been given no library, and where it has loaded another one.
_NOT_LOADED = ("Failed to load libpython", "symbol not found: Py")


def hint(message: str, env: dict[str, str] | None = None) -> str | None:
    """Return what to do about a failure of Python inside Mojo, None where the message tells of another one.

    Parameters
    ----------
    message : str
        What the error says.
    env : dict of str or None
        The environment that was given for the program; None: the process's.

    Examples
    --------
    >>> hint("No module named 'attrs'", {"MOJO_PYTHON": "/env/bin/python"})
    'the Python inside Mojo is /env/bin/python: /env/bin/python -m pip install attrs'
    """
    missing = re.match(r"No module named '([^']+)'", message)
    if missing is None and not message.startswith(_NOT_LOADED):
        return None
    from mojocell.core import surroundings

    whole = surroundings.environment(env)
    python = surroundings.interpreter(whole)
    if missing is not None and python is not None:
        return _lacking(missing[1], python)
    return _unloadable(python, whole)


def _lacking(module: str, python: str) -> str:
    """Say what to do about a module that is not there."""
    import shlex

    own = python == sys.executable
    if module.partition(".")[1] or module in sys.stdlib_module_names:
        hint = f"the Python inside Mojo is {python}"
    elif own and (place := _finds(module)):
        hint = (
            f"this process finds it through its own sys.path, the Python inside Mojo looks where "
            f"PYTHONPATH says: os.environ['PYTHONPATH'] = {place!r}, then run the cell again"
        )
    elif own and not _finds("pip"):
        hint = f"the Python inside Mojo is {python}: uv pip install --python {shlex.quote(python)} {module}"
    else:
        hint = f"the Python inside Mojo is {python}: {shlex.quote(python)} -m pip install {module}"
    return hint


def _finds(module: str) -> str | None:
    """Return the directory from which this process would import a module."""
    from importlib.util import find_spec

    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    place = places[0] if places else spec.origin if spec is not None else None
    return os.path.dirname(place) if place else None


def _unloadable(python: str | None, env: Mapping[str, str]) -> str:
    """Say what to do where no library of Python could be loaded."""
    library = env.get("MOJO_PYTHON_LIBRARY")
    if library:
        hint = f"MOJO_PYTHON_LIBRARY names {library}: let it name a libpython that can be loaded, or unset it"
    elif python is None:
        hint = "there is no python3 on PATH: let MOJO_PYTHON name one, by its path"
    elif not os.path.isfile(python):
        hint = (
            f"MOJO_PYTHON names {python}, which is no file: let it name a Python by its path, and run the "
            f"cell again"
        )
    else:
        hint = (
            f"{python} has no shared library (libpython) that Mojo finds: install it (Debian, Ubuntu: "
            f"apt install python3-dev), or let MOJO_PYTHON name a Python that has one"
        )
    return hint
