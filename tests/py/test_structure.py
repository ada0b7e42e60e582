"""The plan of the code: arrows go one way, in C and in Python, and nothing is there that nothing uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("runtime", "kernel_bridge")


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
        found.setdefault(name, set()).update(beside - {name})
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


def imports(tree: ast.AST) -> set[str]:
    """What a module imports, at any depth, for types too; a name may be that of a module or of what it has."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None and node.level == 0
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_no_module_of_the_package_imports_itself_by_way_of_others() -> None:
    package = ROOT / "ipython_ext"
    trees = {
        ".".join(file.relative_to(package).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            file.read_text()
        )
        for file in package.rglob("*.py*")
        if file.suffix in (".py", ".pyi")
    }
    graph = {
        name: {found if found in trees else found.rpartition(".")[0] for found in imports(tree)} - {name}
        for name, tree in trees.items()
    }
    # A result has its error and an error its result: a type, which is not imported when it runs.
    graph["mojocell.errors"].remove("mojocell.core.result")
    assert sum(len(found & set(graph)) for found in graph.values()) > 150
    TopologicalSorter(graph).prepare()


def test_one_module_knows_marimo() -> None:
    """But for those that start it, or say what to install for it."""
    package = ROOT / "ipython_ext" / "mojocell"
    known = {
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if re.search(
            r"\bimport marimo\b|\bfrom marimo\b|\"marimo\" (not )?in\b|modules.*marimo", file.read_text()
        )
    }
    assert known == {"hosts/__init__.py", "hosts/marimo.py"}


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
    assert found - {"runtime/abi/calls.c"} == of_files  # the names of functions
    for file in (ROOT / "ipython_ext").rglob("*.py"):
        assert "time.time()" not in file.read_text(), file
