"""What the extras of the package bring, and what of it is missing here."""

from __future__ import annotations

import re
from typing import NamedTuple

#: ``mojo>=1.0; extra == "mojo"``
REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+) *(?:>= *(?P<least>[0-9][0-9.]*))?[^;]*; *extra == ['\"](?P<extra>[\w-]+)['\"]"
)


class Missing(NamedTuple):
    """A package that an extra wants and this environment has not.

    Attributes
    ----------
    name : str
        What pip calls it.
    least : str
        The oldest version that does, ``""`` where any does.
    found : str or None
        The version that is here and too old, None where there is none.
    """

    name: str
    least: str = ""
    found: str | None = None

    def __str__(self) -> str:
        """Return it in words."""
        return self.name if self.found is None else f"{self.name} {self.found} (older than {self.least})"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def missing(extra: str) -> list[Missing]:
    """Return what an extra wants and is not here.

    Parameters
    ----------
    extra : str
        Its name, as in ``mojocell[jupyter]``.

    Returns
    -------
    list of Missing
        Empty where all of it is here.

    Examples
    --------
    >>> missing("mojo")
    []
    """
    from importlib import metadata

    lacking = []
    for text in metadata.requires("mojocell") or []:
        wanted = REQUIREMENT.fullmatch(text)
        if wanted is None or wanted["extra"] != extra:
            continue
        name, least = wanted["name"], wanted["least"] or ""
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            lacking.append(Missing(name, least))
            continue
        if _version(found) < _version(least):
            lacking.append(Missing(name, least, found))
    return lacking


def pip_line(packages: list[Missing]) -> str:
    """Return what installs them.

    Examples
    --------
    >>> pip_line([Missing("numpy"), Missing("anywidget", "0.9", "0.8")])
    "pip install numpy 'anywidget>=0.9'"
    """
    words = [f"'{one.name}>={one.least}'" if one.least else one.name for one in packages]
    return " ".join(["pip install", *words])
