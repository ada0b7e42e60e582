"""A cell and what it uses of others as one file: `%mojo_source`, and the bare compiler that takes it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mojocell.cells.carried import Carried
from mojocell.cells.one_file import Part, write
from mojocell.core.request import Job

SHAPES = '''from std.math import pi, sqrt

comptime SIDE = 3  # of a plot

def helper(x: Float64) -> Float64:  # of In [1]
    """A docstring # and no comment."""
    return sqrt(x) * pi

@fieldwise_init
struct Plot(Copyable):
    var w: Float64

    def size(self) -> Float64:
        return helper(self.w) * SIDE

def helped(helper: Float64) -> Float64:
    return helper
'''
OTHER = """from std.math import sqrt as root
import std.math
def helper(x: Float64) -> Float64:
    return root(x) + 1

def main():
    print("not this")
"""
STATEMENTS = '''# a program of statements
var total = 0.0
def twice(x: Float64) -> Float64:
    # doubles
    return 2 * x

for i in range(3):  # three
    total += twice(Plot(Float64(i)).size()) + helper(4.0)
print("""a
# b
""", std.math.sqrt(4.0)); print(helped(2.5))
total
'''
PROGRAM = """def main() raises:
    var p = Plot(4.0)  # one
    print(p.size(), helper(1.0))
"""


@pytest.fixture
def cells() -> Carried:
    carried = Carried()
    for number, source in enumerate((SHAPES, OTHER, STATEMENTS), 1):
        carried.ran(f"c{number}", f"In [{number}]", source)
    return carried


def bare(path: Path, *words: str) -> str:
    mojo = shutil.which("mojo", path=str(Path(sys.executable).parent))
    assert mojo is not None
    done = subprocess.run([mojo, *words, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("own", [STATEMENTS, PROGRAM])
def test_the_bare_compiler_makes_of_the_file_what_the_cell_is(
    own: str, cells: Carried, tmp_path: Path
) -> None:
    cells.ran("c3", "In [3]", own)
    file = tmp_path / "one.mojo"
    file.write_text(write(cells.parts("c3")))
    result = Job(own, using=cells.using(own, "c3")).execute()
    assert result.error is None
    assert bare(file, "run") == result.stdout != ""


def test_each_cell_is_there_once_with_its_comments_and_label(cells: Carried) -> None:
    text = write(cells.parts("c3"), ["-O1"])
    assert text.startswith(
        "# In [3] as one file, with what it uses of In [1], In [2].\n# Give the compiler -O1, too.\n"
    )
    for line in (
        "# In [1]",
        "comptime SIDE = 3  # of a plot",
        "    for i in range(3):  # three",
        "# b",
        "    # doubles",
    ):
        assert text.splitlines().count(line) == 1, line
    assert "not this" not in text
    assert text.count("sqrt") == 4 and text.count("import std.math") == 1


def test_one_name_for_two_things_is_two_names(cells: Carried) -> None:
    text = write(cells.parts("c3"))
    assert "def helper(x: Float64) -> Float64:\n    return sqrt(x) + 1" in text
    assert "def helper_2(x: Float64) -> Float64:  # of In [1]" in text
    assert "return helper_2(self.w) * SIDE" in text


def test_a_name_of_mojos_own_that_another_part_uses_stays_its() -> None:
    first = Part("In [1]", "def biggest(a: Int, b: Int) -> Int:\n    return max(a, b)\n", {})
    second = Part("In [2]", "def max(a: Int, b: Int) -> Int:\n    return -1\n", {})
    text = write(
        [first, second, Part("In [3]", "print(max(1, 2), biggest(b=1, a=2));", {"max": 1, "biggest": 0})]
    )
    assert "    return max(a, b)\n" in text
    assert "def max_2(a: Int, b: Int)" in text
    assert "    print(max_2(1, 2), biggest(b=1, a=2));" in text


def test_a_variable_of_another_part_takes_no_name() -> None:
    first = Part("In [1]", "def f(rate: Int) -> Int:\n    var total = rate\n    return total\n", {})
    own = Part("In [2]", "def total() -> Int:\n    return f(rate=1)\n", {"f": 0})
    assert "def total() -> Int:\n    return f(rate=1)\n" in write([first, own])
