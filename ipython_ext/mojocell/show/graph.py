"""A picture of what uses what: boxes in columns, what is used left of what uses it."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from mojocell.show.html import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Pixels: of a character, of a line, around text, between columns and between boxes.
_CHARACTER, _LINE, _PAD, _GAP, _ROW = 7.3, 17, 8, 56, 18
#: Names in a box; of more, how many there are.
_SHOWN = 8
_LONGEST = 32


class Node(NamedTuple):
    """A box.

    Attributes
    ----------
    label : str
        Its headline.
    names : sequence of str
        What it gives.
    uses : mapping of int
        The numbers of the boxes that it uses, each with the names that it has of them.
    """

    label: str
    names: Sequence[str]
    uses: Mapping[int, Sequence[str]]


class _Box(NamedTuple):
    """A box where it stands, or without lines the room for an arrow that goes by."""

    lines: list[str]
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        return len(self.lines) * _LINE + _PAD if self.lines else 0.0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


#: Of a box its number; of an arrow that goes by from where to where.
_Place = int | tuple[int, int]


def picture(nodes: Sequence[Node]) -> str:
    """Return the picture as an element of HTML that has the colours of the text around it.

    Parameters
    ----------
    nodes : sequence of Node
        The boxes.

    Examples
    --------
    >>> made = picture([Node("In [1]", ["area"], {}), Node("In [2]", ["price"], {0: ["area"]})])
    >>> made.count("<rect"), made.count("<path"), "In [2] uses area of In [1]" in made
    (2, 1, True)
    """
    columns = _placed(nodes)
    boxes = [columns[ranked][number] for number, ranked in enumerate(_ranks(nodes))]
    arrows = [
        _arrow(
            [column[way] for column in columns for way in (number, (number, user), user) if way in column],
            names,
        )
        for user, node in enumerate(nodes)
        for number, names in node.uses.items()
    ]
    width = max(box.x + box.width for box in boxes) + 1
    height = max(box.y + box.height for column in columns for box in column.values()) + 1
    said = escape("; ".join(_said(nodes)) or "no cell uses another")
    return (
        '<div class="mojocell" tabindex="0" style="overflow-x:auto">'
        f'<svg role="img" aria-label="{said}" width="{ceil(width)}" height="{ceil(height)}" '
        'style="font:12px monospace;fill:currentColor;stroke:none">'
        f"{''.join(arrows)}{''.join(_drawn(box) for box in boxes)}</svg></div>"
    )


def _said(nodes: Sequence[Node]) -> list[str]:
    return [
        f"{node.label} uses {', '.join(names)} of {nodes[number].label}"
        for node in nodes
        for number, names in node.uses.items()
    ]


def _ranks(nodes: Sequence[Node]) -> list[int]:
    """Return the column of each box: one behind the last that it uses; a circle is cut where it closes."""
    ranks: dict[int, int] = {}

    def rank(number: int, above: frozenset[int]) -> int:
        if number not in ranks:
            below = [each for each in nodes[number].uses if each not in above and each != number]
            ranks[number] = max((rank(each, above | {number}) + 1 for each in below), default=0)
        return ranks[number]

    return [rank(number, frozenset()) for number in range(len(nodes))]


def _placed(nodes: Sequence[Node]) -> list[dict[_Place, _Box]]:
    """Return the columns, each with its boxes and the arrows that go by."""
    ranks = _ranks(nodes)
    long = [(number, user) for user, node in enumerate(nodes) for number in node.uses]
    columns: list[dict[_Place, _Box]] = []
    x = 1.0
    for rank in range(max(ranks) + 1):
        places: list[_Place] = [number for number, each in enumerate(ranks) if each == rank]
        places += [(number, user) for number, user in long if ranks[number] < rank < ranks[user]]
        before = {place: box.middle for column in columns for place, box in column.items()}
        # Near the middle of what it comes from, so that arrows cross little.
        places.sort(key=lambda place: _wanted(place, nodes, before))
        texts = [_lines(nodes[place]) if isinstance(place, int) else [] for place in places]
        width = max(len(line) for lines in texts for line in lines) * _CHARACTER + 2 * _PAD
        columns.append({})
        y = 1.0
        for place, lines in zip(places, texts, strict=True):
            columns[-1][place] = box = _Box(lines, x, y if lines else y + _ROW / 4, width)
            y = box.y + box.height + (_ROW if lines else _ROW / 2)
        x += width + _GAP
    return columns


def _wanted(place: _Place, nodes: Sequence[Node], before: Mapping[_Place, float]) -> float:
    if isinstance(place, tuple):
        return before.get(place, before.get(place[0], 0.0))
    found = [before.get((number, place), before.get(number, 0.0)) for number in nodes[place].uses]
    return sum(found) / len(found) if found else 0.0


def _lines(node: Node) -> list[str]:
    names = [_short(name) for name in node.names]
    if len(names) > _SHOWN:
        names = [*names[: _SHOWN - 1], f"and {len(names) - _SHOWN + 1} more"]
    return [_short(node.label), *names]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _drawn(box: _Box) -> str:
    frame = (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="4" '
        'fill="currentColor" fill-opacity=".06" stroke="currentColor" stroke-opacity=".6"/>'
    )
    weights = [' font-weight="bold"', *[""] * (len(box.lines) - 1)]
    lines = "".join(
        f'<text x="{box.x + _PAD:.1f}" y="{box.y + number * _LINE - 2:.1f}"{weight}>{escape(line)}</text>'
        for number, (line, weight) in enumerate(zip(box.lines, weights, strict=True), 1)
    )
    return f"<g>{frame}{lines}</g>"


def _arrow(way: Sequence[_Box], names: Sequence[str]) -> str:
    """Return an arrow from the right of the first box to the left of the last, by way of those between."""
    start, *between, end = way
    line = f"M{start.x + start.width:.1f} {start.middle:.1f}"
    x, y = start.x + start.width, start.middle
    for box in (*between, end):
        left = box.x - (6 if box is end else 0)
        bend = max(abs(left - x) / 2, _GAP / 2)
        line += f"C{x + bend:.1f} {y:.1f} {left - bend:.1f} {box.middle:.1f} {left:.1f} {box.middle:.1f}"
        x, y = box.x + box.width, box.middle
        line += "" if box is end else f"H{x:.1f}"
    tip = f"{end.x:.1f},{y:.1f} {end.x - 7:.1f},{y - 4:.1f} {end.x - 7:.1f},{y + 4:.1f}"
    return (
        f'<g><title>{escape(", ".join(names))}</title><path d="{line}" fill="none" stroke="currentColor" '
        f'stroke-opacity=".7" stroke-width="1.5"/><polygon points="{tip}" fill-opacity=".8"/></g>'
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table, its first row the head.

    Examples
    --------
    >>> table([("name", "from"), ("area", "In [1]")]).count("<td")
    2
    """
    style = 'style="text-align:left;padding:.1em 1.2em .1em 0"'
    marks = ['th scope="col"', *["td"] * (len(rows) - 1)]
    lines = (
        "".join(f"<{mark} {style}>{escape(cell)}</{mark[:2]}>" for cell in row)
        for row, mark in zip(rows, marks, strict=True)
    )
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<table class="mojocell" style="margin:.5em 0;color:inherit">{body}</table>'
