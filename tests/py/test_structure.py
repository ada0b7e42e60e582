"""Arrows of the C code go one way: what a file includes never leads back to it."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def arrows(*folders: str) -> dict[str, set[str]]:
    """Which modules (x.c and x.h together) each module includes."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        for file in (ROOT / folder).rglob("*.[ch]"):
            name = str(file.relative_to(ROOT).with_suffix("")).removeprefix("runtime/")
            included = re.findall(r'^#include "([\w/]+)\.h"', file.read_text(), re.MULTILINE)
            found.setdefault(name, set()).update(set(included) - {name})
    return found


def test_no_file_of_the_server_includes_itself_by_way_of_others() -> None:
    graph = arrows("runtime/server")
    assert len(graph) > 20
    assert sum(map(len, graph.values())) > 50
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_file_of_the_bridge_includes_itself_by_way_of_others() -> None:
    graph = arrows("kernel_bridge", "runtime/abi")
    assert len(graph) > 50
    TopologicalSorter(graph).prepare()


def test_folders_use_each_other_in_one_direction() -> None:
    """As drawn in docs/architecture.md."""
    graph: dict[str, set[str]] = {}
    for name, included in arrows("runtime", "kernel_bridge").items():
        folder = name.partition("/")[0]
        graph.setdefault(folder, set()).update(
            {other.partition("/")[0] for other in included if "/" in other} - {folder}
        )
    order = list(TopologicalSorter(graph).static_order())
    assert order[0] == "base"
    assert graph["base"] == set()
    assert "server" not in set().union(*graph.values())
    assert "kernel_bridge" not in set().union(*graph.values())


def test_nothing_waits_by_the_clock_that_people_set() -> None:
    """It may go back a day meanwhile. What compares with the times of files is listed."""
    of_files = {
        "runtime/cache/history.c",  # told, nothing else
        "runtime/cache/store_files.c",
        "runtime/server/compiler.c",
        "runtime/server/core.c",  # of the log
    }
    wall = re.compile(r"CLOCK_REALTIME|\btime\(NULL\)|gettimeofday|\w+_timedwait")
    files = [file for folder in ("runtime", "kernel_bridge") for file in (ROOT / folder).rglob("*.[ch]")]
    found = {str(file.relative_to(ROOT)) for file in files if wall.search(file.read_text())}
    assert found - {"kernel_bridge/guard/guardable.c"} == of_files  # the names of functions
    for file in (ROOT / "ipython_ext").rglob("*.py"):
        assert "time.time()" not in file.read_text(), file
