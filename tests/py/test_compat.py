"""The names of py_run_mojo, used as its notebooks use them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

import mojocell as mc
from mojocell import compat

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("service")

HELLO = """
    fn main():
        print("Hello from Mojo!")
"""


def test_it_has_the_names_and_the_parameters_of_the_package() -> None:
    signatures = {name: list(inspect.signature(getattr(compat, name)).parameters) for name in compat.__all__}
    assert signatures == {
        "run_mojo": ["source", "echo_code", "echo_output", "use_cache", "extra_args"],
        "clear_cache": [],
        "cache_stats": [],
        "get_mojo_version": [],
        "mojo": ["func"],
        "validate_mojo_code": ["code"],
        "get_validation_hint": ["error_msg"],
    }


def test_a_program_runs_from_text_and_from_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert compat.run_mojo(HELLO) == "Hello from Mojo!"
    file = tmp_path / "hello.mojo"
    file.write_text('def main():\n    print("from a file")\n')
    assert compat.run_mojo(str(file)) == "from a file"
    assert compat.run_mojo("def main():\n    pass") is None
    assert compat.run_mojo("def main():\n    print()") == ""
    assert capfd.readouterr().out == ""
    compat.run_mojo(HELLO, echo_code=True, echo_output=True)
    out = capfd.readouterr().out
    assert out.startswith('\nfn main():\n    print("Hello from Mojo!")\n')
    assert "### Output - Mojo 1" in out and out.endswith("Hello from Mojo!\n")


def test_the_cache_is_used_unless_it_is_not_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    compat.run_mojo(HELLO)
    before = mc.info()["counters"]["compilations"]
    compat.run_mojo(HELLO)
    assert mc.info()["counters"]["compilations"] == before
    compat.run_mojo(HELLO, use_cache=False)
    assert mc.info()["counters"]["compilations"] > before
    compat.cache_stats()
    entries = mc.cache.stats()["entries"]
    assert f"Cached binaries: {entries}\n" in capsys.readouterr().out


def test_arguments_reach_the_program() -> None:
    source = "from std.sys import argv\ndef main():\n    print(len(argv()), argv()[1])"
    assert compat.run_mojo(source, extra_args=["one"]) == "2 one"


def test_what_fails_raises_where_the_package_went_on_with_none() -> None:
    with pytest.raises(mc.MojoCompileError, match="use of unknown declaration 'nothing'"):
        compat.run_mojo("fn main():\n    print(nothing)")
    with pytest.raises(mc.MojoRuntimeError, match="boom"):
        compat.run_mojo('def main() raises:\n    raise Error("boom")')
    with pytest.raises(ValueError, match="empty"):
        compat.run_mojo(" \n")


def test_the_decorator_gives_the_annotated_type_and_text_for_any_other() -> None:
    @compat.mojo
    def half(n: int) -> float:
        """
        fn main():
            print(Float64({{n}}) / 2)
        """

    @compat.mojo
    def words(n: int) -> list[str]:  # the package gave its text for this, too
        """
        fn main():
            print("a b", {{n}})
        """

    assert half(3) == 1.5
    assert words(n=2) == "a b 2"

    @compat.mojo
    def broken(n: int) -> int:
        """
        fn main():
            print(nothing, {{n}})
        """

    with pytest.raises(mc.MojoCompileError):
        broken(1)


def test_the_compiler_says_what_is_valid() -> None:
    assert compat.validate_mojo_code(HELLO) == (True, None)
    assert compat.validate_mojo_code("def half(n: Int) -> Int:  # let x, : int\n    return n // 2") == (
        True,
        None,
    )
    assert compat.validate_mojo_code("  ") == (False, "Empty code provided")
    valid, message = compat.validate_mojo_code("def f(n: int) -> Int:\n    return n")
    assert not valid
    assert message == "Line 1: use of unknown declaration 'int'"
    assert "Int" in compat.get_validation_hint(message)
    assert compat.get_validation_hint("of something else") == ""


def test_the_version_is_the_compilers() -> None:
    assert compat.get_mojo_version().startswith("Mojo 1.")
