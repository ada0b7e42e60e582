"""Print the requirements of groups of pyproject.toml, one a line.

A group is an extra, or ``build``: what the package is built with, cmake and ninja among it.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def requirements(group: str) -> list[str]:
    """Return the requirements of one group."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    if group == "build":
        return [*project["build-system"]["requires"], "cmake>=3.25", "ninja"]
    return list(project["project"]["optional-dependencies"][group])


if __name__ == "__main__":
    print("\n".join(line for group in sys.argv[1:] for line in requirements(group)))
