"""Functions of the artifact in tests/fake/thunks.c, compiled when the first test asks for it."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from mojocell import _bridge

SOURCE = Path(__file__).resolve().parents[1] / "fake/thunks.c"


@functools.cache
def artifact() -> str:
    directory = tempfile.mkdtemp(prefix="mc-thunks-", dir="/tmp")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    place = Path(directory) / "thunks.so"
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-O2", "-fPIC", "-shared", "-o", place, SOURCE], check=True)
    return str(place)


@functools.cache
def library() -> _bridge.Library:
    return _bridge.Library(artifact())


def argument(spec: str | dict[str, Any]) -> dict[str, Any]:
    return spec if isinstance(spec, dict) else {"name": spec, "kind": "any"}


def entry(
    name: str, abi: str, arguments: str | list[Any] = "", symbol: str = "", **more: Any
) -> dict[str, Any]:
    """One entry of a function table; arguments as 'a b' or as dicts."""
    specs = arguments.split() if isinstance(arguments, str) else arguments
    return {
        "name": name,
        "symbol": f"mc_call_{symbol or name}",
        "abi": abi,
        "signature": f"def {name}{abi.removeprefix('masked ')}",
        "arguments": [argument(spec) for spec in specs],
        "returns": abi.rpartition("-> ")[2],
        **more,
    }


def make(
    name: str, abi: str, arguments: str | list[Any] = "", symbol: str = "", **options: Any
) -> _bridge.Function:
    """A function with one signature."""
    return _bridge.Function(name, [entry(name, abi, arguments, symbol)], library(), **options)


def live() -> int:
    """How many results of the artifact's functions have not been released."""
    return int(make("live", "() -> Int")())
