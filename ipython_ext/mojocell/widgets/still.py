"""What stands in the place of a widget where nothing runs it: on GitHub, in nbviewer, on paper."""

from __future__ import annotations

import base64
from array import array
from typing import TYPE_CHECKING, Any

from mojocell.show.html import escape, ink, printed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WIDTH, HEIGHT, EDGE = 560, 260, 8
#: The colours of lines, of the same lightness on light and on dark ground.
_LINES = ("#6d66e8", "#c65a1e", "#12867b", "#b83ccb", "#5a8a1c", "#1280b8")


def text(call: str, state: Mapping[str, Any]) -> str:
    r"""Return a call and what came of it as text.

    Parameters
    ----------
    call : str
        Function and arguments, as in ``f(n=3)``.
    state : mapping
        The widget's: ``result``, ``printed``, ``error``.

    Examples
    --------
    >>> text("twice(n=3)", {"result": {"kind": "text", "text": "6"}, "printed": "", "error": None})
    'twice(n=3)\n6'
    """
    pieces = [call, _outcome(state), state["printed"].rstrip("\n")]
    return "\n".join(piece for piece in pieces if piece)


def _outcome(state: Mapping[str, Any]) -> str:
    error, result = state["error"], state["result"]
    if error is not None:
        return f"{error['name']}: {error['text']}"
    if result["kind"] == "table":
        return "\n".join("  ".join(row).rstrip() for row in _columns(result)) + _rest(result)
    return str(result.get("text") or result.get("summary") or "")


def _columns(result: Mapping[str, Any]) -> list[list[str]]:
    """Return the rows of a table, each cell as wide as its column."""
    rows = [*([result["columns"]] if result["columns"] else []), *result["rows"]]
    count = max((len(row) for row in rows), default=0)
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(count)]
    return [[cell.ljust(width) for cell, width in zip(row, widths, strict=False)] for row in rows]


def _rest(result: Mapping[str, Any]) -> str:
    left = result["count"] - len(result["rows"])
    return f"\n… and {left:,} more rows" if left > 0 else ""


def html(call: str, state: Mapping[str, Any]) -> str:
    """Return the same as HTML, of text and images alone: many pages let nothing else through.

    Examples
    --------
    >>> state = {"result": {"kind": "text", "text": "<b>"}, "printed": "", "error": None}
    >>> "&lt;b&gt;" in html("f()", state)
    True
    """
    error, result = state["error"], state["result"]
    if error is not None:
        name = f'<strong style="{ink("#c62828")}">{escape(error["name"])}</strong>'
        shown = f"{name}{printed(error['text'])}"
    else:
        shown = _RESULTS[result["kind"]](result)
    shown += printed(state["printed"])
    return f'<div class="mojocell-still"><p><code>{escape(call)}</code></p>{shown}</div>'


def _table(result: Mapping[str, Any]) -> str:
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in result["columns"] or ())
    head = f"<thead><tr>{names}</tr></thead>" if names else ""
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in result["rows"])
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table>{head}<tbody>{body}</tbody></table>{printed(_rest(result).strip())}"


def _line(result: Mapping[str, Any]) -> str:
    span = (result["high"] - result["low"]) or 1.0
    across = (WIDTH - 2 * EDGE) / max(1, result["count"] - 1)
    up = (HEIGHT - 2 * EDGE) / span
    paths = []
    for number, line in enumerate(result["lines"]):
        points = zip(array("d", line["xs"]), array("d", line["ys"]), strict=True)
        places = [(EDGE + x * across, HEIGHT - EDGE - (y - result["low"]) * up) for x, y in points]
        color = _LINES[number % len(_LINES)]
        paths.append(f'<path fill="none" stroke="{color}" stroke-width="1.6" d="{_path(places)}"/>')
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(paths)}</svg>'
    )
    return _picture({"mime": "image/svg+xml", "data": drawing.encode(), "summary": result["summary"]})


def _path(places: list[tuple[float, float]]) -> str:
    """Return the way of a line, which begins anew after what is not finite."""
    steps, pen = [], "M"
    for x, y in places:
        if y - y == 0:
            steps.append(f"{pen}{x:.1f},{y:.1f}")
        pen = "L" if y - y == 0 else "M"
    return "".join(steps)


def _image(result: Mapping[str, Any]) -> str:
    return _picture({"mime": "image/png", "data": _png(result), "summary": result["summary"]})


def _png(result: Mapping[str, Any]) -> bytes:
    """Return pixels as a PNG file: a header, rows with no filter, an end."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    colors = {1: 0, 3: 2, 4: 6}
    row = result["width"] * result["channels"]
    rows = (result["pixels"][at : at + row] for at in range(0, row * result["height"], row))
    head = struct.pack(">IIBBBBB", result["width"], result["height"], 8, colors[result["channels"]], 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + each for each in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _picture(result: Mapping[str, Any]) -> str:
    data = base64.b64encode(result["data"]).decode()
    said = escape(result["summary"])
    return f'<img alt="{said}" src="data:{result["mime"]};base64,{data}"/><p>{said}</p>'


_RESULTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "none": lambda _: "",
    "text": lambda result: printed(result["text"]),
    "table": _table,
    "line": _line,
    "image": _image,
    "picture": _picture,
    "html": lambda result: str(result["html"]),
}
