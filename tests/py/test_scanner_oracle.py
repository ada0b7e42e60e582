"""What the scanner reads in a source, against what the compiler's own documentation tool says about it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.mojo"))
TOOL = os.environ.get("MOJOCELL_SCAN_TOOL", "")
TOOLCHAIN = Path(os.environ.get("MOJOCELL_TEST_TOOLCHAIN", ""))

pytestmark = pytest.mark.skipif(
    not TOOL or not (TOOLCHAIN / "bin/mojo").exists(),
    reason="needs MOJOCELL_SCAN_TOOL (mc-scan) and MOJOCELL_TEST_TOOLCHAIN (a modular directory)",
)

PASSING = {"positional": "pos", "any": "pos_or_kw", "keyword": "kw"}
STARS = {"variadic": "*", "keyword_variadic": "**"}


def scanned(source: Path) -> dict[str, Any]:
    """Return the scanner's cell object."""
    done = subprocess.run([TOOL, source], capture_output=True, check=True)
    cell: dict[str, Any] = json.loads(done.stdout)
    return cell


def documented(source: Path, out: Path) -> dict[str, Any]:
    """Return the module as `mojo doc` tells it."""
    env = {
        **os.environ,
        "MODULAR_MAX_PACKAGE_ROOT": str(TOOLCHAIN),
        "MODULAR_MOJO_MAX_PACKAGE_ROOT": str(TOOLCHAIN),
        "MODULAR_MOJO_MAX_DRIVER_PATH": str(TOOLCHAIN / "bin/mojo"),
        "MODULAR_MOJO_MAX_IMPORT_PATH": str(TOOLCHAIN / "lib/mojo"),
    }
    done = subprocess.run(
        [TOOLCHAIN / "bin/mojo", "doc", source, "-o", out],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    module: dict[str, Any] = json.loads(out.read_text())["decl"]
    return module


def plain(text: str | None) -> str | None:
    """Return a type without blanks, and without a comma before a closing bracket."""
    return None if text is None else re.sub(r",(?=[\])])", "", re.sub(r"\s+", "", text))


def same_type(ours: str | None, theirs: str | None) -> bool:
    """Whether the types agree in what the tool tells.

    It shows ``Some[Trait]`` as the parameter it stands for, packs and origins in an expanded form.
    """
    ours, theirs = plain(ours), plain(theirs)
    if ours is not None and ours.startswith("Some["):
        return theirs is not None and theirs.isidentifier()
    if ours is not None and ours.startswith("*"):
        return theirs == f"{ours}.values"
    if ours is not None and (ours == "Origin" or ours.startswith("ref[")):
        return theirs is not None and re.split(r"[\[\]]", ours)[0] == re.split(r"[\[\]]", theirs)[0]
    return ours == theirs


def our_name(argument: dict[str, Any]) -> str:
    """Return the name with its stars."""
    name: str = argument["name"]
    return STARS.get(argument["kind"], "") + name


def our_convention(argument: dict[str, Any]) -> str:
    """Return the convention by its present name, without an origin."""
    convention: str = argument["convention"] or "imm"
    return re.sub(r"\[.*", "", convention).strip()


def assert_same_arguments(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    """Compare arguments, or parameters."""
    ours = [argument for argument in ours if our_name(argument) and our_convention_or_none(argument) != "out"]
    assert [our_name(argument) for argument in ours] == [argument["name"] for argument in theirs]
    for one, other in zip(ours, theirs, strict=True):
        where = (one, other)
        assert same_type(one["type"], other["type"]), where
        assert (one["default"] is not None) == ("default" in other), where
        if "convention" in one:
            assert our_convention(one) == other["convention"], where
        if one["kind"] in PASSING:
            passing = "inferred" if one.get("inferred") else PASSING[one["kind"]]
            assert passing == other["passingKind"], where


def our_convention_or_none(argument: dict[str, Any]) -> str | None:
    """Return the convention of an argument; a parameter has none."""
    return our_convention(argument) if "convention" in argument else None


def our_return(function: dict[str, Any]) -> str | None:
    """Return the result's type, be it behind the arrow or an `out` argument; None for None."""
    out = [argument["type"] for argument in function["arguments"] if our_convention(argument) == "out"]
    returns: str | None = out[0] if out else function["returns"]
    return None if returns == "None" else returns


def our_summary(function: dict[str, Any]) -> str:
    """Return the first paragraph of the docstring on one line."""
    return " ".join((function["docstring"] or "").strip().split("\n\n")[0].split())


@pytest.mark.parametrize("source", CORPUS, ids=lambda path: path.stem)
def test_scanner_and_compiler_agree(source: Path, tmp_path: Path) -> None:
    """Names, arguments, types, defaults, conventions, raises, results and documentation."""
    cell, module = scanned(source), documented(source, tmp_path / "doc.json")
    ours: dict[str, list[dict[str, Any]]] = {}
    names: dict[str, list[str]] = {"struct": [], "trait": [], "comptime": []}
    for definition in cell["definitions"]:
        name = definition["name"]
        if definition["kind"] == "def" and not name.startswith("_"):
            ours.setdefault(name, []).append(definition)
        elif definition["kind"] in names:
            names[definition["kind"]].append(name)

    for kind, key in (("struct", "structs"), ("trait", "traits"), ("comptime", "aliases")):
        assert names[kind] == [each["name"] for each in module[key]]
    theirs = {function["name"].strip("`"): function["overloads"] for function in module["functions"]}
    assert sorted(ours) == sorted(theirs)
    for name, overloads in ours.items():
        assert len(overloads) == len(theirs[name]), name
        for function, other in zip(overloads, theirs[name], strict=True):
            assert_same_arguments(function["arguments"], other["args"])
            assert_same_arguments(function["parameters"], other["parameters"])
            assert same_type(our_return(function), other.get("returns", {}).get("type")), (function, other)
            assert function["raises"] == other["raises"], name
            assert function["async"] == other["async"], name
            assert (function["where"] is not None) == (" where " in other["signature"]), name
            summary = " ".join(other["summary"].split())
            assert our_summary(function).startswith(summary[:20]), name
            assert bool(summary) == bool(function["docstring"]), name


def test_corpus_is_broad() -> None:
    """So that an empty directory does not pass."""
    assert len(CORPUS) >= 25
    assert sum(len(scanned(source)["definitions"]) for source in CORPUS) > 100
