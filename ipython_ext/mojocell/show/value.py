"""A value of Python inside Mojo, as a notebook shows it: made where the value lives, taken where it is shown.

The program is another process than the notebook's kernel, so an object cannot be handed over; what it looks
like can. The notebook names a file in `VARIABLE`; the program's Python calls `give`, which writes what front
ends know how to show, and refuses what is text alone.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Names the file.
VARIABLE = "MOJOCELL_SHOW"

_METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
    "_repr_javascript_": "application/javascript",
}

# --- in the program -------------------------------------------------------------------------------


def give(value: object) -> None:
    """Write how a value looks into the file that the notebook has named.

    Raises
    ------
    TypeError
        It looks like nothing but text.
    """
    figure = _figure(value)
    data, metadata = _drawn(figure) if figure is not None else looks(value)
    if not data:
        raise TypeError  # nobody reads more: the program prints it then
    data.setdefault("text/plain", repr(value))
    with open(os.environ[VARIABLE], "w", encoding="utf-8") as file:
        json.dump({"data": data, "metadata": metadata}, file, default=str)


def looks(value: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a value's own methods make of it, by the types of media, and what they say of that.

    Examples
    --------
    >>> class Bold(str):
    ...     def _repr_html_(self):
    ...         return f"<b>{self}</b>"
    >>> looks(Bold("Ann"))
    ({'text/html': '<b>Ann</b>'}, {})
    >>> looks(3)
    ({}, {})
    """
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    if isinstance(value, type):
        return data, metadata
    bundle, said = _two(_call(value, "_repr_mimebundle_"))
    for media, content in (bundle or {}).items():
        _add(data, metadata, media, (content, (said or {}).get(media)))
    for method, media in _METHODS.items():
        if media not in data:
            _add(data, metadata, media, _two(_call(value, method)))
    return data, metadata


def _add(data: dict[str, Any], metadata: dict[str, Any], media: str, found: tuple[Any, Any]) -> None:
    content, said = found
    if content is not None:
        data[media] = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    if content is not None and said:
        metadata[media] = said


def _call(value: object, method: str) -> Any:
    """Call a method of a value's; None where it has none, or that fails: then it has no such look."""
    with contextlib.suppress(Exception):
        return getattr(value, method)()
    return None


def _two(found: Any) -> tuple[Any, Any]:
    return found if isinstance(found, tuple) and len(found) == 2 else (found, None)


def _figure(value: Any) -> Any:
    """Return the figure of matplotlib that a value is, or is drawn in: an axis, what `plot` returns."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    for found in (first, getattr(first, "figure", None)):
        if type(found).__module__.partition(".")[0] == "matplotlib" and hasattr(found, "savefig"):
            return found
    return None


def _drawn(figure: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    import io

    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    return {"image/png": base64.b64encode(file.getvalue()).decode()}, {}


# --- in the notebook ------------------------------------------------------------------------------


class Taken:
    """What a program gave.

    Attributes
    ----------
    environment : dict of str
        What a program has to have in its environment.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.environment = {VARIABLE: path}

    def bundle(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return how it looks, and what is said of that; None where nothing was given."""
        with open(self._path, encoding="utf-8") as file:
            text = file.read()
        if not text:
            return None
        told = json.loads(text)
        return told["data"], told["metadata"]


@contextlib.contextmanager
def taking() -> Iterator[Taken]:
    """Make a file that a program can give a value in.

    Examples
    --------
    >>> with taking() as taken:
    ...     print(taken.bundle())
    None
    """
    handle, path = tempfile.mkstemp(prefix="mojocell-", suffix=".json")
    os.close(handle)
    try:
        yield Taken(path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
