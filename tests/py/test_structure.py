"""The plan of the C code: arrows go one way, and nothing is there that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("runtime", "kernel_bridge")
#: Arrows that close a circle and have to go.
TO_MEND = {
    ("kernel_bridge/convert", "kernel_bridge/arrays"),
    ("kernel_bridge/guard", "kernel_bridge/artifact"),
    ("kernel_bridge/guard", "kernel_bridge/guard_enter"),
    ("kernel_bridge/worker", "kernel_bridge/worker_process"),
    ("mojo/bind", "mojo/bind_parts"),
}


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """The name of each file (below runtime/ or the root) and its text without comments."""
    for folder in folders or FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.[ch]")):
            name = str(file.relative_to(ROOT)).removeprefix("runtime/")
            yield name, re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)


def arrows(*folders: str) -> dict[str, set[str]]:
    """Which modules (x.c and x.h together) each module includes."""
    found: dict[str, set[str]] = {}
    for file, text in sources(*folders):
        name = file.rpartition(".")[0]
        included = set(re.findall(r'^#include "([\w/]+)\.h"', text, re.MULTILINE))
        beside = {one if "/" in one else f"{name.rpartition('/')[0]}/{one}" for one in included}
        found.setdefault(name, set()).update(
            other for other in beside - {name} if (name, other) not in TO_MEND
        )
    return found


@pytest.mark.parametrize("folder", sorted({name.partition("/")[0] for name in arrows()}))
def test_no_file_includes_itself_by_way_of_others(folder: str) -> None:
    graph = {name: used for name, used in arrows().items() if name.startswith(f"{folder}/")}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_circle_leads_through_several_folders() -> None:
    graph = arrows()
    assert len(graph) > 100
    assert sum(map(len, graph.values())) > 400
    TopologicalSorter(graph).prepare()


def test_each_function_of_a_header_is_called() -> None:
    """By the product: what tests alone would call goes with them."""
    declared = {
        name
        for file, text in sources()
        if file.endswith(".h")
        for name in re.findall(r"^(?!#|typedef)[\w *]*\b(mc_\w+)\(", text, re.MULTILINE)
    }
    # At the margin, where declarations and definitions begin, a name with arguments is no use.
    use = re.compile(r"^[ \t#].*|\bmc_\w+\b(?!\()", re.MULTILINE)
    used = {
        word
        for _, text in sources()
        for found in use.findall(text)
        for word in re.findall(r"\bmc_\w+", found)
    }
    assert len(declared) > 300
    assert sorted(declared - used) == []


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


LINUX = re.compile(
    r"prctl\(|\bSYS_\w+|\"/proc/|\"/sys/|\bmemfd_create\(|\beventfd\(|\bsignalfd\(|\baccept4\b|<linux/|F_ADD_SEALS"
    r"|\bO_PATH\b|SO_PEERCRED|sched_getaffinity|<elf\.h>|<link\.h>|SOCK_SEQPACKET|\bREG_RIP\b|close_range"
)


def test_what_needs_linux_is_listed() -> None:
    """What is not behind os.h stands in docs/architecture.md, by its file."""
    page = (ROOT / "docs/architecture.md").read_text().partition("## What needs Linux")[2]
    listed = set(re.findall(r"[\w/]+\.[ch]\b", page))
    names = {one.rpartition("/")[2] for one in listed}
    for file, text in sources():
        if LINUX.search(text) and not file.startswith("base/os"):
            assert file.rpartition("/")[2] in names, f"{file}: {LINUX.findall(text)}"


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
    assert found - {"kernel_bridge/guardable.c"} == of_files  # the names of functions
    for file in (ROOT / "ipython_ext").rglob("*.py"):
        assert "time.time()" not in file.read_text(), file
