"""The Mojo file of a pattern: its text, and its functions once they are compiled."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from mojocell import api

if TYPE_CHECKING:
    from mojocell.call.module import MojoModule

PLACE = os.path.dirname(os.path.abspath(__file__))


def path(name: str) -> str:
    """Return where the Mojo file of a pattern is.

    Parameters
    ----------
    name : str
        The pattern, as ``"monte_carlo"``.

    Raises
    ------
    ValueError
        There is no such pattern.
    """
    found = os.path.join(PLACE, name, f"{name}.mojo")
    if not name.isidentifier() or not os.path.isfile(found):
        msg = f"there is no pattern {name!r}"
        raise ValueError(msg)
    return found


def source(name: str) -> str:
    """Return the Mojo source of a pattern.

    Parameters
    ----------
    name : str
        The pattern, as ``"monte_carlo"``.

    Raises
    ------
    ValueError
        There is no such pattern.

    Examples
    --------
    >>> from mojocell import patterns
    >>> "def pi_inside" in patterns.source("monte_carlo")
    True
    """
    with open(path(name), encoding="utf-8") as file:
        return file.read()


@functools.cache
def module(name: str) -> MojoModule:
    """Return the Mojo functions of a pattern, compiled by the first call of this process.

    Parameters
    ----------
    name : str
        The pattern, as ``"monte_carlo"``.

    Raises
    ------
    ValueError
        There is no such pattern.
    MojoCompileError
        This compiler does not compile it.

    Examples
    --------
    >>> from mojocell import patterns
    >>> inside = patterns.module("monte_carlo").pi_inside(7, 1_000_000)
    >>> round(4 * inside / 1_000_000, 2)
    3.14
    """
    return api.import_module(path(name))
