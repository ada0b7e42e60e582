"""``@mojo`` above Python functions, with the real compiler."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mojocell import mojo
from mojocell.core import client
from mojocell.docstring_source import docstring
from mojocell.errors import MojoCompileError, MojoError, MojoReturnError, MojoRuntimeError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("service")


def compilations() -> int:
    """Return how many compilations the daemon has made."""
    answer = client.request({"op": "cache.stats"})
    return int(answer["stats"]["compilations"])


# --- the three functions of the article, as it writes them -----------------------------------


@pytest.fixture(scope="module")
def article() -> dict[str, Any]:
    """The article's functions."""

    @mojo
    def fibonacci(n: int) -> int:
        """
        fn fibonacci(n: Int) -> Int:
            if n <= 1:
                return n
            var prev: Int = 0
            var curr: Int = 1
            for _ in range(2, n + 1):
                var next_val = prev + curr
                prev = curr
                curr = next_val
            return curr

        fn main():
            print(fibonacci({{n}}))
        """
        pass

    @mojo
    def sum_squares(n: int) -> int:
        """
        fn sum_squares(n: Int) -> Int:
            var total: Int = 0
            for i in range(1, n + 1):
                total += i * i
            return total

        fn main():
            print(sum_squares({{n}}))
        """
        pass

    @mojo
    def is_prime(n: int) -> bool:
        """
        fn is_prime(n: Int) -> Bool:
            if n < 2:
                return False
            var i: Int = 2
            while i * i <= n:
                if n % i == 0:
                    return False
                i += 1
            return True

        fn main():
            print(is_prime({{n}}))
        """
        pass

    return {"fibonacci": fibonacci, "sum_squares": sum_squares, "is_prime": is_prime}


def test_the_article(article: dict[str, Any]) -> None:
    assert article["fibonacci"](10) == 55
    assert article["sum_squares"](100) == 338350
    assert article["is_prime"](104729) is True
    assert article["is_prime"](104730) is False


def test_a_slider_compiles_once(article: dict[str, Any]) -> None:
    fibonacci = article["fibonacci"]
    fibonacci(1)
    before = compilations()
    values = [fibonacci(n) for n in range(30)]
    assert values[:10] == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
    assert compilations() == before


def test_it_looks_like_the_python_function(article: dict[str, Any]) -> None:
    fibonacci = article["fibonacci"]
    assert fibonacci.__name__ == "fibonacci"
    assert fibonacci.__annotations__ == {"n": "int", "return": "int"}
    assert "fibonacci(n: 'int')" in repr(fibonacci)
    assert "fn main():" in fibonacci.mojo_source
    with pytest.raises(TypeError, match="missing a required argument: 'n'"):
        fibonacci()
    with pytest.raises(TypeError, match="n must be of type int, not 'x'"):
        fibonacci("x")
    with pytest.raises(TypeError, match=r"n must be of type int, not 2\.5"):
        fibonacci(2.5)


# --- programs ---------------------------------------------------------------------------------


def test_nothing_is_memoised() -> None:
    @mojo
    def now(n: int) -> int:
        r"""
        from std.time import perf_counter_ns

        def main():
            print(Int(perf_counter_ns()) + 0 * {{n}})
        """

    first, second = now(1), now(1)
    assert first != second


def test_types_of_parameters_and_results() -> None:
    @mojo
    def show(a: int, b: float, c: str, d: bool = True) -> str:
        r"""
        def main():
            print({{a}} + 1, {{b}} / 2, {{c}}.upper(), {{d}})
        """

    assert show(1, 3, "x y") == "2 1.5 X Y True"
    assert show(-1, 0.5, "", d=False) == "0 0.25  False"


def test_without_annotations_the_first_value_tells_the_type() -> None:
    @mojo
    def double(x):  # type: ignore[no-untyped-def]
        r"""
        def main():
            print({{x}} + {{x}})
        """

    assert double(2) == "4"
    assert double("ab") == "abab"
    assert double(1.5) == "3.0"


def test_a_value_in_a_string_is_written_in_and_escaped() -> None:
    @mojo
    def greet(name: str, n: int) -> str:
        r"""
        def main():
            print("Hello, {{name}}!", {{n}} * 2)
        """

    assert greet('Wor"ld\\', 4) == 'Hello, Wor"ld\\! 8'
    before = compilations()
    assert greet('Wor"ld\\', 5) == 'Hello, Wor"ld\\! 10'
    assert compilations() == before


def test_what_the_compiler_needs_is_written_in() -> None:
    @mojo
    def squares(n: int) -> str:
        r"""
        def main():
            comptime N = {{n}}
            print(N * N)
        """

    assert squares(3) == "9"


def test_values_that_are_written_in_stay_what_they_are() -> None:
    @mojo
    def show(n: int, w: str) -> str:
        r"""
        def main():
            comptime N = {{n}} ** 2
            var x = 5
            print(N, t"{x} {{w}}")
        """

    assert show(-3, "{x}") == "9 5 {x}"


def test_failures_are_errors_and_never_0() -> None:
    @mojo
    def half(n: int) -> int:
        r"""
        def main() raises:
            if {{n}} < 0:
                raise Error("negative: ", {{n}})
            if {{n}} == 7:
                print("seven")
            else:
                print({{n}} // 2)
        """

    assert half(8) == 4
    with pytest.raises(MojoRuntimeError, match="negative: -1"):
        half(-1)
    with pytest.raises(MojoReturnError, match=r"printed 'seven\\n', which is not one value of type int"):
        half(7)
    assert half(8) == 4


def test_a_program_that_does_not_compile() -> None:
    @mojo
    def bad(n: int) -> int:
        r"""
        def main():
            print({{n}} + nowhere)
        """

    with pytest.raises(MojoCompileError, match="nowhere"):
        bad(1)


def test_what_was_printed_before_a_failure_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    @mojo
    def half(n: int) -> int:
        r"""
        def main() raises:
            print("looking at", {{n}})
            if {{n}} % 2:
                raise Error("odd")
            print({{n}} // 2)
        """

    with pytest.raises(MojoRuntimeError, match="odd"):
        half(3)
    assert capsys.readouterr().out == "looking at 3\n"
    with pytest.raises(MojoReturnError, match="looking at 4"):
        half(4)
    assert capsys.readouterr().out == ""  # the message has it


def test_scalars_of_numpy_are_the_values_that_they_hold() -> None:
    import numpy as np

    @mojo
    def plain(n, x, flag, word) -> str:  # type: ignore[no-untyped-def]
        r"""
        def main():
            print({{n}} + 1, {{x}} / 2, not {{flag}}, {{word}})
        """

    before = compilations()
    assert plain(1, 5.0, True, "a") == "2 2.5 False a"
    assert plain(np.int64(1), np.float64(5), np.bool_(True), np.str_("a")) == "2 2.5 False a"
    assert plain(np.uint8(1), np.float32(5), np.True_, "a") == "2 2.5 False a"
    assert compilations() == before + 1
    with pytest.raises(TypeError, match="n must be a bool, int, float or str"):
        plain(np.complex128(1), 1.0, True, "a")


def test_none_prints(capsys: pytest.CaptureFixture[str]) -> None:
    @mojo
    def say(n: int) -> None:
        r"""
        def main():
            print("n is", {{n}})
        """

    assert say(3) is None
    assert capsys.readouterr().out == "n is 3\n"


def test_thirty_positions_are_compiled_once(article: dict[str, Any]) -> None:
    fibonacci = article["fibonacci"]
    fibonacci(1)
    before = compilations()
    assert [fibonacci(n) for n in (1, 2, 3, 10, 29)] == [1, 1, 2, 55, 514_229]
    for n in range(1, 30):
        fibonacci(n)
    assert compilations() == before  # what it takes is measured by ./dev bench


# --- typed functions --------------------------------------------------------------------------


def test_a_typed_function_in_a_docstring() -> None:
    @mojo
    def mean(x):  # type: ignore[no-untyped-def]
        r"""
        def mean(x: Span[Float64, _]) -> Float64:
            var total = 0.0
            for value in x:
                total += value
            return total / Float64(len(x))
        """

    import numpy as np

    assert type(mean).__name__ == "MojoFunction"
    assert mean(np.arange(5.0)) == 2.0


def test_source_as_an_argument() -> None:
    @mojo(
        r"""
        def scale(x: Float64, by: Float64 = 2.0) -> Float64:
            return x * by
        """
    )
    def scale(x, by=2.0): ...  # type: ignore[no-untyped-def]

    assert scale(3) == 6.0
    assert scale(3, by=5) == 15.0


def test_names_and_arguments_have_to_agree() -> None:
    source = "def right(n: Int) -> Int: return n"
    with pytest.raises(MojoError, match="defines no function wrong; it defines right"):

        @mojo(source)
        def wrong(n): ...  # type: ignore[no-untyped-def]

    with pytest.raises(TypeError, match=r"arguments \(m\) in Python and \(n\) in Mojo"):

        @mojo(source)
        def right(m): ...  # type: ignore[no-untyped-def]


def test_source_alone_says_where_its_functions_are() -> None:
    pending = mojo("def twice(n: Int) -> Int: return 2 * n")
    with pytest.raises(AttributeError, match=r"a decorator, .*mc\.compile\(source\)\.twice is the function"):
        _ = pending.twice  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match=r"which 21 is not; mc\.compile\(source\) gives the functions"):
        pending(21)  # type: ignore[arg-type]
    assert "mc.compile(source)" in repr(pending)


@pytest.mark.parametrize("kind", ["async", "generator", "method", "class"])
def test_what_mojo_cannot_stand_in_for(kind: str) -> None:
    async def waits() -> None: ...

    def gives() -> Iterator[int]:
        yield 1

    class Thing:
        def method(self) -> None: ...

    what = {"async": waits, "generator": gives, "method": Thing.method, "class": Thing}[kind]
    with pytest.raises(TypeError, match="@mojo"):
        mojo(what)


def test_a_function_without_a_docstring() -> None:
    def nothing() -> None: ...

    with pytest.raises(MojoError, match="nothing has no docstring"):
        mojo(nothing)


def test_a_placeholder_that_is_no_parameter() -> None:
    with pytest.raises(TypeError, match=r"\{\{m\}\} is no parameter"):

        @mojo
        def f(n: int) -> int:
            """
            def main():
                print({{m}})
            """


# --- where the source comes from --------------------------------------------------------------

SCRIPT = '''
from mojocell.docstring_source import docstring

def first(n: int) -> int:
    """def first(n: Int) -> Int:
        return n
    """

def inner():
    def second(n: int) -> int:
        """
        def second(n: Int) -> Int:
            if n > 1:
                return n
            return 1
        """
    return second

print(docstring(first).source)
print(docstring(inner()).source)
'''
WANTED = (
    "def first(n: Int) -> Int:\n    return n\n\n\n"
    "def second(n: Int) -> Int:\n    if n > 1:\n        return n\n    return 1\n\n"
)


@pytest.mark.parametrize("flags", [[], ["-OO"]])
def test_the_file_is_what_counts(tmp_path: Path, flags: list[str]) -> None:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    done = subprocess.run([sys.executable, *flags, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip() == WANTED.rstrip()


@pytest.mark.parametrize("formatter", [["ruff", "format"], ["black", "-q"]])
def test_formatters_do_no_harm(tmp_path: Path, formatter: list[str]) -> None:
    pytest.importorskip(formatter[0])
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.replace('    return n\n    """', '    return n   \n    """'))
    subprocess.run([sys.executable, "-m", *formatter, path], check=True)
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip() == WANTED.rstrip()


def test_without_a_file_the_docstring_is_taken() -> None:
    names: dict[str, Any] = {}
    exec("def f(n):\n    '''\n    def f(n: Int) -> Int:\n        return n\n    '''\n", names)
    assert docstring(names["f"]).source.strip() == "def f(n: Int) -> Int:\n    return n"


@pytest.mark.parametrize("indent", ["", "    "])
def test_a_body_that_lost_its_indentation_gets_it_back(indent: str) -> None:
    names: dict[str, Any] = {}
    body = f"{indent}if n > 1:\\n{indent}    return n\\n{indent}return 1\\n"
    exec(f"def f(n):\n    'def f(n: Int) -> Int:\\n{body}'\n", names)
    wanted = "def f(n: Int) -> Int:\n    if n > 1:\n        return n\n    return 1"
    assert docstring(names["f"]).source.strip() == wanted


def test_under_oo_without_a_file_it_says_why(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        from mojocell import mojo
        names = {}
        exec("def f(n):\\n    'def f(n: Int) -> Int: return n'", names)
        try:
            mojo(names["f"])
        except Exception as error:
            print(error)
    """)
    path = tmp_path / "script.py"
    path.write_text(script)
    done = subprocess.run([sys.executable, "-OO", path], capture_output=True, text=True, check=False)
    assert "python -OO strips docstrings" in done.stdout, done.stderr


def test_backslashes_that_python_reads_are_pointed_at() -> None:
    with pytest.raises(MojoCompileError) as caught:

        @mojo
        def lines(n: int) -> str:
            """
            def lines(n: Int) -> String:
                return "a\nb"
            """

    assert "write r'''" in str(caught.value)
