"""Comments cost nothing: what differs in nothing else is compiled once, and each is told of in its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

import mojocell as mc

pytestmark = pytest.mark.usefixtures("service")


def misses() -> int:
    return int(mc.cache.stats()["misses"])


@pytest.fixture(scope="module")
def warm(service: Path) -> Path:
    """The sources of this page, compiled once."""
    for source in (PROGRAM, WARNED, OLDER):
        mc.run(source.format("as it was"), check=False)
    return service


PROGRAM = """
# {0}: what this is
def pick(n: Int) -> Int:  # {0}
    var values = [1, 2, 3]  # three
    return values[n]  # {0}: of three


print(pick(9))
# {0}
"""
WARNED = "var unused = 1  # {0}\nprint(2)\n"
OLDER = "fn main():  # {0}\n    # {0}\n    print('# stays')  # {0}\n"


@pytest.mark.usefixtures("warm")
def test_a_crash_shows_the_line_as_it_is_now() -> None:
    before = misses()
    error = mc.run(PROGRAM.format("näher"), check=False).error
    assert isinstance(error, mc.MojoCrash)
    assert error.line == 5
    assert "return values[n]  # näher: of three" in str(error)
    assert misses() == before


@pytest.mark.usefixtures("warm")
def test_a_warning_and_a_repair_show_the_text_as_it_is_now() -> None:
    before = misses()
    warned = mc.run(WARNED.format("now"))
    assert [item.source for item in warned.warnings] == ["var unused = 1  # now"]
    older = mc.run(OLDER.format("now"))
    assert older.source == OLDER.format("now").replace("fn ", "def ")
    assert [older.stdout, older.cache] == ["# stays\n", "hit"]
    assert misses() == before


@pytest.mark.usefixtures("warm")
def test_lines_that_move_are_another_source() -> None:
    before = misses()
    assert mc.run("# above\n" + WARNED.format("now")).warnings[0].line == 2
    assert misses() == before + 1


def test_an_error_shows_the_line_as_it_is() -> None:
    for text in ("one", "two"):
        with pytest.raises(mc.MojoCompileError) as error:
            mc.compile(f"def f() -> Int:  # {text}\n    return nowhere  # {text}\n")
        assert f"return nowhere  # {text}" in str(error.value)


def test_functions_and_what_uses_them_are_compiled_once() -> None:
    base = "def twice(n: Int) -> Int:\n    return 2 * n{}\n"
    more = "def four(n: Int) -> Int:{}\n    return twice(twice(n))\n"
    compiled = mc.compile(base.format(""))
    assert mc.compile(more.format(""), using=[compiled]).four(2) == 8
    before = misses()
    edited = mc.compile(base.format("  # times two\n# that is all"))
    assert edited.twice(4) == 8
    assert edited.twice.__mojo__.source == base.format("  # times two\n# that is all")
    again = mc.cell(more.format("  # two calls  "), using=[edited])
    assert again.four(3) == 12

    @mc.mojo(base.format("  # in a decorator"))
    def twice(n: int) -> int: ...

    assert twice(5) == 10
    assert misses() == before


def test_a_crash_in_another_source_shows_that_as_it_is_now() -> None:
    base = "def pick(n: Int) -> Int:\n    var values = [1, 2]\n    return values[n]  # {}\n"
    more = "def picked(n: Int) -> Int:\n    return pick(n)\n"
    first = mc.compile(more, using=[mc.compile(base.format("old"))], mode="isolated")
    with pytest.raises(mc.MojoCrash, match="# old"):
        first.picked(7)
    before = misses()
    second = mc.compile(more, using=[mc.compile(base.format("new"))], mode="isolated")
    with pytest.raises(mc.MojoCrash, match="# new"):
        second.picked(7)
    assert misses() == before
