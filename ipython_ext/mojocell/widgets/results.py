"""How a result is shown: as text, a table, lines or an image, in a form that the browser draws."""

from __future__ import annotations

import math
import numbers
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SHOWS = ("auto", "text", "table", "line", "image")
#: The most that is sent of a result: characters, rows, columns, lines, points of a line.
TEXT, ROWS, COLUMNS, LINES, POINTS = 20_000, 200, 40, 12, 2_000
#: A two-dimensional array is an image where both of its sides have at least so many elements.
PIXELS = 16


def present(value: Any, show: str = "auto") -> dict[str, Any]:
    """Return what the browser draws for a result.

    Parameters
    ----------
    value : object
        The result.
    show : {"auto", "text", "table", "line", "image"}
        How; ``"auto"`` decides by the value.

    Returns
    -------
    dict of str
        ``kind`` (``none``, ``text``, ``table``, ``line``, ``image``, ``picture`` or ``html``), ``summary``,
        and what that kind has. Numbers of lines and images are bytes.

    Raises
    ------
    TypeError
        The value cannot be shown in the way that was asked for.

    Examples
    --------
    >>> present(55)
    {'kind': 'text', 'text': '55', 'summary': '55'}
    >>> present([("a", 1), ("b", 2)])["rows"]
    [['a', '1'], ['b', '2']]
    """
    makers = {"text": _text, "table": _table, "line": _lines, "image": _image}
    if show != "auto":
        found = makers[show](value)
        if found is None:
            msg = f"a result of type {type(value).__name__} cannot be shown as {show}"
            raise TypeError(msg)
        return found
    if value is None:
        return {"kind": "none", "summary": ""}
    for make in (_image, _rich, _lines, _table):
        found = make(value)
        if found is not None:
            return found
    return _text(value)


# --- text ----------------------------------------------------------------------------------------


def _text(value: Any) -> dict[str, Any]:
    text = str(value)
    if len(text) > TEXT:
        text = f"{text[:TEXT]}… ({len(text):,} characters)"
    first = text.split("\n", 1)[0]
    return {"kind": "text", "text": text, "summary": first if len(first) <= 200 else f"{first[:200]}…"}


def _cell(value: Any) -> str:
    if isinstance(value, numbers.Real) and not isinstance(value, (bool, numbers.Integral)):
        return f"{float(value):.6g}"
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


# --- tables --------------------------------------------------------------------------------------


def _table(value: Any) -> dict[str, Any] | None:
    """Take records, rows, columns by name, names with values; what has one dimension is a column."""
    columns: list[str] | None = None
    if hasattr(value, "items"):
        items = list(value.items())
        if (
            items
            and all(_is_sequence(item) for _, item in items)
            and len({len(item) for _, item in items}) == 1
        ):
            columns = [str(name) for name, _ in items]
            count = len(items[0][1])
            rows: Iterable[Sequence[Any]] = zip(*(_items(item) for _, item in items), strict=True)
        else:
            rows, count = items, len(items)
    elif _is_sequence(value) and len(value):
        rows, count = _items(value), len(value)
        first = rows[0]
        if hasattr(first, "keys"):
            columns = [str(name) for name in first]
            rows = [[row.get(name, "") for name in first] for row in rows]
        elif not all(_is_sequence(row) for row in rows):
            rows = [[row] for row in rows]
    else:
        return None
    shown = [[_cell(item) for item in list(row)[:COLUMNS]] for row in list(rows)[:ROWS]]
    width = max((len(row) for row in shown), default=0)
    return {
        "kind": "table",
        "columns": columns[:COLUMNS] if columns else None,
        "rows": shown,
        "count": count,
        "summary": f"a table of {count:,} rows and {width} columns",
    }


def _is_sequence(value: Any) -> bool:
    return (
        hasattr(value, "__len__")
        and hasattr(value, "__getitem__")
        and not isinstance(value, (str, bytes, bytearray, memoryview))
        and not hasattr(value, "items")
        and (_shape(value) is None or len(_shape(value) or ()) > 0)
    )


def _items(value: Any) -> list[Any]:
    """Return the first rows of a sequence."""
    head = value[:ROWS]
    return head.tolist() if hasattr(head, "tolist") else list(head)


# --- lines ---------------------------------------------------------------------------------------


def _lines(value: Any) -> dict[str, Any] | None:
    """Make one line of an array or list of numbers, several of a mapping or a tuple of such of one length."""
    if _is_series(value):
        series: list[tuple[str, Any]] = [("", value)]
    elif hasattr(value, "items") and value and all(_is_series(item) for item in value.values()):
        series = [(str(name), item) for name, item in value.items()]
    elif isinstance(value, tuple) and value and all(_is_series(item) for item in value):
        series = [(str(number), item) for number, item in enumerate(value, 1)]
    else:
        return None
    if len({len(item) for _, item in series}) != 1 or len(series) > LINES:
        return None
    count = len(series[0][1])
    drawn = [_line(name, item) for name, item in series]
    finite = [(item["low"], item["high"]) for item in drawn if item["low"] is not None]
    low, high = (min(item[0] for item in finite), max(item[1] for item in finite)) if finite else (0.0, 0.0)
    between = f"from {low:.6g} to {high:.6g}" if finite else "none of them finite"
    what = f"{count:,} values" if len(series) == 1 else f"{len(series)} lines of {count:,} values"
    return {
        "kind": "line",
        "lines": drawn,
        "count": count,
        "low": low,
        "high": high,
        "summary": f"{what}, {between}",
    }


def _is_series(value: Any) -> bool:
    shape = _shape(value)
    if shape is not None:
        return len(shape) == 1 and shape[0] > 1 and _dtype_kind(value) in "iuf"
    return (
        isinstance(value, (list, array))
        and len(value) > 1
        and all(isinstance(item, numbers.Real) and not isinstance(item, bool) for item in value)
    )


def _line(name: str, values: Any) -> dict[str, Any]:
    """Return the points of a line: of many, the lowest and the highest of each part, so no peak is lost."""
    if _shape(values) is not None:
        xs, ys = _thinned_array(values)
    else:
        xs, ys = _thinned_list([float(item) for item in values])
    finite = [item for item in ys if math.isfinite(item)]
    return {
        "name": name,
        "xs": xs.tobytes(),
        "ys": ys.tobytes(),
        "low": min(finite, default=None),
        "high": max(finite, default=None),
    }


def _thinned_array(values: Any) -> tuple[array[float], array[float]]:
    import numpy as np

    whole = np.asarray(values, dtype=np.float64)
    if len(whole) <= POINTS:
        return array("d", range(len(whole))), array("d", whole.tobytes())
    part = math.ceil(2 * len(whole) / POINTS)
    full = len(whole) // part * part
    parts = whole[:full].reshape(-1, part)
    starts = np.arange(0, full, part)
    clean = np.where(np.isfinite(parts), parts, np.nan)
    low = np.where(np.isnan(clean), np.inf, clean).argmin(axis=1) + starts
    high = np.where(np.isnan(clean), -np.inf, clean).argmax(axis=1) + starts
    at = np.unique(np.concatenate([low, high, np.arange(full, len(whole)), [0, len(whole) - 1]]))
    return array("d", at.astype(np.float64).tobytes()), array("d", whole[at].tobytes())


def _thinned_list(values: list[float]) -> tuple[array[float], array[float]]:
    if len(values) <= POINTS:
        return array("d", range(len(values))), array("d", values)
    part = math.ceil(2 * len(values) / POINTS)
    at: set[int] = {0, len(values) - 1}
    for start in range(0, len(values), part):
        places = [
            place for place in range(start, min(start + part, len(values))) if math.isfinite(values[place])
        ]
        if places:
            at.add(min(places, key=values.__getitem__))
            at.add(max(places, key=values.__getitem__))
        else:
            at.add(start)  # a gap stays one
    order = sorted(at)
    return array("d", order), array("d", (values[place] for place in order))


# --- images --------------------------------------------------------------------------------------


def _image(value: Any) -> dict[str, Any] | None:
    """Take an array of pixels: grey of two dimensions, colours of three (RGB or RGBA, bytes or 0 to 1)."""
    shape = _shape(value)
    if shape is None or _dtype_kind(value) not in "biuf":
        return None
    is_grey = len(shape) == 2 and min(shape) >= PIXELS
    if not is_grey and not (len(shape) == 3 and shape[2] in (3, 4) and min(shape[:2]) > 0):
        return None
    height, width = shape[:2]
    return {
        "kind": "image",
        "width": int(width),
        "height": int(height),
        "channels": 1 if is_grey else int(shape[2]),
        "pixels": _bytes_of(value, stretched=is_grey),
        "summary": f"an image of {width} by {height} pixels",
    }


def _bytes_of(value: Any, *, stretched: bool) -> bytes:
    """Pixels as bytes; grey that is not bytes already goes from its lowest value to its highest."""
    import numpy as np

    pixels = np.asarray(value)
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels).tobytes()
    floats = pixels.astype(np.float64)
    finite = floats[np.isfinite(floats)]
    low, high = (finite.min(), finite.max()) if stretched and finite.size else (0.0, 1.0)
    if not stretched and pixels.dtype.kind in "iu":
        high = 255.0
    scaled = (floats - low) / (high - low if high > low else 1.0)
    return (np.clip(np.nan_to_num(scaled), 0, 1) * 255 + 0.5).astype(np.uint8).tobytes()


# --- what knows how to show itself ---------------------------------------------------------------


def _rich(value: Any) -> dict[str, Any] | None:
    if isinstance(value, type):
        return None
    for method, mime in (
        ("_repr_svg_", "image/svg+xml"),
        ("_repr_png_", "image/png"),
        ("_repr_jpeg_", "image/jpeg"),
    ):
        data = _call(value, method)
        if data is not None:
            return _picture(mime, data)
    if hasattr(value, "savefig"):
        return _picture("image/png", _drawn(value))
    html = _call(value, "_repr_html_")
    return None if html is None else {"kind": "html", "html": str(html), "summary": type(value).__name__}


def _call(value: Any, method: str) -> Any:
    function = getattr(value, method, None)
    return function() if callable(function) else None


def _picture(mime: str, data: Any) -> dict[str, Any]:
    raw = data.encode() if isinstance(data, str) else bytes(data)
    return {"kind": "picture", "mime": mime, "data": raw, "summary": "a picture"}


def _drawn(figure: Any) -> bytes:
    """Draw a matplotlib figure as PNG, and close it, as nobody else will."""
    import io
    import sys

    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
    return file.getvalue()


# --- arrays --------------------------------------------------------------------------------------


def _shape(value: Any) -> tuple[int, ...] | None:
    """Return the shape of an array, or of what NumPy takes for one without a copy; None for others."""
    interface = getattr(value, "__array_interface__", None)
    return tuple(interface["shape"]) if isinstance(interface, dict) else None


def _dtype_kind(value: Any) -> str:
    interface: Mapping[str, Any] = value.__array_interface__
    return str(interface["typestr"])[1]


def known(show: str) -> str:
    """Return the way to show results; refuse one that there is not."""
    if show not in SHOWS:
        msg = f"a result is shown as one of {', '.join(SHOWS)}, not as {show!r}"
        raise ValueError(msg)
    return show
