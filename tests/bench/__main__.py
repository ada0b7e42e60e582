"""The benchmarks: ``python -m bench [NAME ...] [--check]``, as ``./dev bench`` calls it.

Each benchmark measures its subject and its peer in one run, in turn, and gives rows; ``--check`` compares each row with
its target and exits with status 1 where one is missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from frame import Row, render

BENCHMARKS = {
    "programs": "a cached program against the executable; a fresh compilation against the compiler alone",
    "startup": "import, %load_ext, and a first result in a new process",
    "before": "import, first call, call and cached program against an earlier build: --before REVISION, first",
    "kernel": "Stop of a running cell and the recovery from a crash, seen from a notebook",
    "service": "the daemon's memory, and twenty clients on a cold machine",
    "calls": "typed functions against Cython, numba and others; isolated calls, positions, compile time, Stop",
    "matrices": "arrays of two and three dimensions against numba, NumPy, OpenBLAS and Cython",
    "slider": "a slider in marimo run, key press to page, Mojo against Python",
    "browser": "widgets in marimo and JupyterLab, key press to page, against the sliders that these have",
    "jupyterlab": "Enter to output in JupyterLab, a cached cell against print(1)",
    "cells": "cells compiled ahead, together, while they are typed, and anew where another one changes",
    "patterns": "mojocell.patterns against their twins with NumPy, and numba",
}

#: What a benchmark takes along.
WITH = {"calls": ["slider"]}


def chosen(names: list[str]) -> list[str]:
    """Return the benchmarks to run, each once."""
    wanted = [part for name in names or BENCHMARKS for part in (name, *WITH.get(name, []))]
    return list(dict.fromkeys(wanted))


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="; ".join(f"{k}: {v}" for k, v in BENCHMARKS.items()).replace("%", "%%"),
    )
    parser.add_argument("--check", action="store_true", help="compare with the targets")
    parser.add_argument("--json", type=Path, help="write the rows there")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {platform.platform()}"
    )
    rows: list[Row] = []
    for name in chosen(options.names):
        print(f"\n{name}: {BENCHMARKS[name]}", flush=True)
        found = importlib.import_module(f"bench_{name}").measure()
        print(render(found), flush=True)
        rows += found
    if options.json:
        options.json.write_text(json.dumps([row.__dict__ for row in rows], indent=2))
    missed = [row for row in rows if not row.held]
    if options.check:
        print(f"\n{len(rows) - len(missed)} targets held, {len(missed)} missed")
        for row in missed:
            print(f"missed: {row.what}: {row.value:.4g} {row.unit}, at most {row.target:g}")
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
