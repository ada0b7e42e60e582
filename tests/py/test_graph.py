"""The picture of what uses what: everything in it is inside of it, and boxes do not overlap."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mojocell.show import graph
from mojocell.show.graph import Node

NUMBER = r"-?\d+(?:\.\d+)?"


def rectangles(made: str) -> list[tuple[float, float, float, float]]:
    found = re.findall(rf'<rect x="({NUMBER})" y="({NUMBER})" width="({NUMBER})" height="({NUMBER})"', made)
    return [(float(x), float(y), float(x) + float(w), float(y) + float(h)) for x, y, w, h in found]


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    count = draw(st.integers(1, 8))
    nodes = []
    for number in range(count):
        uses = draw(st.lists(st.integers(0, count - 1).filter(lambda n, own=number: n != own), max_size=3))
        names = draw(
            st.lists(st.sampled_from(["area", "a_name_that_is_far_too_long_to_be_shown_whole"]), max_size=10)
        )
        nodes.append(Node(f"In [{number}]", names, {each: ["x"] for each in uses}))
    return nodes


@given(graphs())
def test_all_that_is_drawn_is_inside_and_boxes_do_not_overlap(nodes: list[Node]) -> None:
    made = graph.picture(nodes)
    width, height = (float(n) for n in re.findall(rf'width="({NUMBER})" height="({NUMBER})" style', made)[0])
    boxes = rectangles(made)
    assert len(boxes) == len(nodes)
    assert all(left >= 0 and right <= width and top >= 0 and low <= height for left, top, right, low in boxes)
    assert made.count("<path") == sum(len(node.uses) for node in nodes)
    for one, other in pairwise(sorted(boxes)):
        assert one[2] <= other[0] or one[3] <= other[1] or other[3] <= one[1]


def test_an_arrow_that_goes_by_is_inside() -> None:
    made = graph.picture(
        [
            Node("In [1]", ["a"], {}),
            Node("In [2]", ["b"], {0: ["a"]}),
            Node("In [3]", [], {0: ["a"], 1: ["b"]}),
        ]
    )
    height = float(re.findall(rf'height="({NUMBER})" style', made)[0])
    places = [float(y) for y in re.findall(rf"{NUMBER} ({NUMBER})(?=H)", made)]
    assert places and all(1 <= place <= height - 1 for place in places)


def test_names_are_escaped_and_many_are_counted() -> None:
    made = graph.picture([Node("<b>", [f"f{n}" for n in range(30)], {})])
    assert "<b>" not in made and "&lt;b&gt;" in made
    assert "and 23 more" in made and made.count("<text") == 9


def test_one_cell_alone_is_said_to_be() -> None:
    assert 'aria-label="no cell uses another"' in graph.picture([Node("In [1]", [], {})])
