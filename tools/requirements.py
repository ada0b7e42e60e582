"""Print the requirements of groups of pyproject.toml, one a line.

A group is an extra, ``build`` (what the package is built with, cmake and ninja among it) or ``needs`` (what
it always needs). ``--all`` stands for all of them.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def groups() -> dict[str, list[str]]:
    """Return the requirements of each group."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    build = [*project["build-system"]["requires"], "cmake>=3.25", "ninja"]
    needs = project["project"]["dependencies"]
    return {"build": build, "needs": needs, **project["project"]["optional-dependencies"]}


def main(wanted: list[str]) -> None:
    """Print the requirements of the groups, each once; what refers to the package itself is left out."""
    known = groups()
    lines = [line for group in (known if wanted == ["--all"] else wanted) for line in known[group]]
    print("\n".join(line for line in dict.fromkeys(lines) if not line.startswith("mojocell[")))


if __name__ == "__main__":
    main(sys.argv[1:])
