"""Building from source on a machine that lacks something: all that is missing is said, and how to get it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def configure(build: Path, *options: str, **environment: str) -> str:
    """Return what CMake says to a machine with this environment, where it fails."""
    done = subprocess.run(
        ["cmake", "-G", "Ninja", "-S", str(ROOT), "-B", str(build), *options],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    return " ".join(done.stderr.split())


def test_every_library_that_is_missing_is_named_with_what_installs_it(tmp_path: Path) -> None:
    said = configure(tmp_path / "build", PKG_CONFIG_LIBDIR=str(tmp_path))
    for library in ("libzmq 4.3 or later", "jansson 2.13 or later", "libcrypto 3.0 or later"):
        assert library in said
    assert (
        "apt-get install gcc libc6-dev pkg-config libzmq3-dev libjansson-dev libssl-dev python3-dev" in said
    )


@pytest.mark.parametrize(
    ("option", "missing"),
    [
        ("-DCMAKE_C_COMPILER:FILEPATH=CMAKE_C_COMPILER-NOTFOUND", "a C compiler"),
        ("-DPKG_CONFIG_EXECUTABLE=", "pkg-config"),
    ],
)
def test_a_missing_tool_is_named(tmp_path: Path, option: str, missing: str) -> None:
    said = configure(tmp_path / "build", option)
    assert f"this machine lacks {missing} Debian" in said


def test_missing_headers_of_python_are_named(tmp_path: Path) -> None:
    said = configure(tmp_path / "build", f"-DPython_INCLUDE_DIR={tmp_path}")
    assert "this machine lacks Python 3.11 or later, with its headers" in said
