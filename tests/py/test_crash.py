"""The words of a crash and of an error arrive, with their place and nothing private: in each mode."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import mojocell as mc
from mojocell.core.crash import definition, in_cell

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("service")

DEFINITIONS = """from std.os import abort
from std.reflection import source_location

struct Shelf:
    var items: List[Int]

    def __init__(out self):
        self.items = List[Int]()

    @no_inline
    def take(mut self) -> Int:
        return self.items.pop()

def dead(n: Int):
    if n > 0:
        abort("dead " + String(n))

def nested(n: Int):
    for _ in range(n):
        dead(n)

def nothing(n: Int):
    if n > 0:
        abort("")

def lines(n: Int):
    if n > 0:
        abort("é first\\nABORT: second\\n\\n\\tlast")

def pieces(n: Int):
    if n > 0:
        abort(t"n is {n}, twice {2 * n}")

def other(n: Int):
    if n > 0:
        abort[prefix="PANIC!"]("so there")

def long(n: Int):
    if n > 0:
        abort(String("é") * n)

def plain(n: Int):
    if n > 0:
        abort()

def value(n: Int) -> Int:
    var found = Optional[Int](None)
    if n == 0:
        found = 1
    return found.value()

def index(n: Int) -> Int:
    var items: List[Int] = [1]
    return items[n]

def check(n: Int):
    debug_assert[assert_mode="safe"](n < 1, "too many: ", n)

def pop(n: Int) -> Int:
    var items = List[Int]()
    if n == 0:
        items.append(1)
    return items.pop()

@no_inline
def inner(n: Int) -> Int:
    return pop(n) + 1

def outer(n: Int) -> Int:
    return inner(n) + 2

def shelf(n: Int) -> Int:
    var it = Shelf()
    return it.take() + n if n > 0 else 0

def middle(n: Int) -> String:
    var text = String("é") * (n + 1)
    return String(text[byte=0:2 * n + (1 if n > 0 else 2)])

def give_up(n: Int) raises:
    if n > 0:
        raise Error("first\\nsecond\\n\\n\\tlast ", n)

def give_up_at_length(n: Int) raises:
    if n > 0:
        raise Error(String("é") * n)

def tell_place(n: Int) raises:
    print("ABORT:", source_location(), "no", sep=" ")
    print(source_location().file_name())
    if n > 0:
        raise Error("at ", source_location())
"""
NAMES = re.findall(r"^def (\w+)", DEFINITIONS, re.MULTILINE)
CALLS = "\n".join(
    f'    if what == "{name}":\n        {"_ = " if name in ("value", "index", "pop", "inner", "outer", "shelf", "middle") else ""}{name}(Int(String(argv()[2])))'
    for name in NAMES
)
PROGRAM = (
    f'{DEFINITIONS}\ndef main() raises:\n    from std.sys import argv\n\n    print("begun")\n'
    f"    var what = String(argv()[1])\n{CALLS}\n"
)


class Called:
    """What became of a call, in whichever mode: its error and what was printed."""

    def __init__(self, mode: str, module: Any, capfd: pytest.CaptureFixture[str]) -> None:
        self.mode = mode
        self.module = module
        self.capfd = capfd

    def __call__(self, name: str, n: int) -> tuple[Any, str]:
        self.capfd.readouterr()
        if self.mode == "program":
            result = mc.run(PROGRAM, args=[name, str(n)], check=False)
            assert result.stdout.startswith("begun\n")
            assert self.capfd.readouterr() == ("", "")
            return result.error, result.stdout.removeprefix("begun\n")
        try:
            getattr(self.module, name)(n)
        except mc.MojoError as error:
            caught = error
        else:
            caught = None  # type: ignore[assignment]
        said = self.capfd.readouterr()
        assert said.err == ""
        return caught, said.out


@pytest.fixture(params=["inline", "isolated", "program"])
def call(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]) -> Called:
    mode = request.param
    module = None if mode == "program" else mc.compile(DEFINITIONS, mode=mode)
    if module is not None:
        assert module.skipped == {}
        assert module.dead.mode == mode
    return Called(mode, module, capfd)


def line_of(text: str) -> int:
    return DEFINITIONS[: DEFINITIONS.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("name", "message", "at"),
    [
        ("dead", "dead 3", 'abort("dead'),
        ("nested", "dead 3", 'abort("dead'),
        ("nothing", "aborted", 'abort("")'),
        ("pieces", "n is 3, twice 6", 'abort(t"'),
        ("other", "PANIC! so there", "abort[prefix"),
        ("value", re.compile("`Optional.value\\(\\)` called on empty"), "found.value()"),
        ("index", "index 3 is out of bounds, valid range is 0 to 0", "items[n]"),
        ("check", "too many: 3", "debug_assert"),
    ],
)
def test_what_a_crash_says_and_where_is_in_the_error_and_not_in_the_output(
    call: Called, name: str, message: str | re.Pattern[str], at: str
) -> None:
    for _ in range(2):
        error, printed = call(name, 3)
        assert type(error) is mc.MojoCrash
        assert (
            re.match(message, error.message) if isinstance(message, re.Pattern) else error.message == message
        )
        assert (error.line, error.library, printed) == (line_of(at), None, "")
        assert f"cell:{error.line}:" in str(error)
        assert "mc_" not in str(error)


def test_all_lines_of_an_abort_arrive(call: Called) -> None:
    error, printed = call("lines", 1)
    lines = error.message.split("\n")
    assert lines[:3] == ["é first", "ABORT: second", ""]
    assert lines[3].strip() == "last"
    assert (error.line, printed) == (line_of('abort("é first'), "")


@pytest.mark.parametrize("n", [1800, 2100, 60000])
def test_how_much_of_a_long_abort_is_missing_is_told(call: Called, n: int) -> None:
    error, printed = call("long", n)
    found = re.fullmatch(r"(é+)(?:… \((\d+) bytes more\))?\n?", error.message)
    assert found
    missing = int(found[2] or 0)
    assert len(found[1]) * 2 + missing in (2 * n, 2 * n + 1)  # with its newline
    assert bool(missing) == (n > 2000)
    assert (error.line, printed) == (line_of('abort(String("é")'), "")


def test_what_crashes_without_a_word_is_told_by_its_function(call: Called) -> None:
    error, printed = call("plain", 1)
    assert (type(error), error.line, printed) == (mc.MojoCrash, None, "")
    assert error.inside == ("main" if call.mode == "program" else "plain")


@pytest.mark.parametrize(
    ("name", "inside", "where"),
    [
        ("pop", "pop", "std/collections/list.mojo"),
        ("outer", "inner", "std/collections/list.mojo"),
        ("shelf", "Shelf.take", "std/collections/list.mojo"),
        ("middle", "middle", "std/collections/string/string_span.mojo"),
    ],
)
def test_a_check_of_the_library_has_its_place_and_the_function_that_led_there(
    call: Called, name: str, inside: str, where: str
) -> None:
    error, printed = call(name, 1)
    assert (type(error), printed) == (mc.MojoCrash, "")
    assert re.fullmatch(re.escape(where) + r":\d+", error.library)
    assert error.hint == "with the flag -g1 the cell's line is told"
    if call.mode == "program" and error.inside == "main":
        inside = "main"  # where the compiler put the function's code into it
        return
    assert error.inside == inside
    at = definition(DEFINITIONS, inside)
    assert f"  at {error.library}, in a call of {inside}, defined at cell:{at}\n" in str(error)


def test_with_debug_information_the_line_is_known_too(capfd: pytest.CaptureFixture[str]) -> None:
    """In code that the compiler's own cache does not have from another source."""
    source = (
        f"def pop(n: Int) -> Int:\n    var x = List[Int]()\n    return x.pop() + n * {time.time_ns()}\n"
        "def halve(n: Int) -> Int:\n    return n // 2 if n > 0 else Int(Float64(n) / 2)\n"
    )
    for mode in ("inline", "isolated"):
        with pytest.raises(mc.MojoCrash) as caught:
            mc.compile(source, mode=mode, flags=["-g1"]).pop(1)
        assert (caught.value.line, caught.value.hint) == (3, None)
        assert "cell:3:" in str(caught.value)
        assert "  at std/collections/list.mojo:" in str(caught.value)
    statements = mc.run(
        f"var x = List[Int]()\nprint({time.time_ns()})\nprint(x.pop())", flags=["-g1"], check=False
    )
    assert statements.error is not None
    assert getattr(statements.error, "line", None) == 3
    assert capfd.readouterr() == ("", "")


def test_a_crash_in_another_cell_is_told_there(capfd: pytest.CaptureFixture[str]) -> None:
    for mode in ("inline", "isolated"):
        base = mc.compile(DEFINITIONS, mode=mode)
        user = mc.compile(
            "def use(n: Int): dead(n)\ndef take(n: Int) -> Int: return inner(n)\n"
            "def tell(n: Int) raises: tell_place(n)\n",
            using=[base],
            mode=mode,
        )
        with pytest.raises(mc.MojoCrash, match=r"cell of dead:16:14: dead 2") as caught:
            user.use(2)
        assert caught.value.line == line_of('abort("dead')
        with pytest.raises(mc.MojoCrash, match=r"in a call of inner, defined at cell of inner:\d+"):
            user.take(1)
        assert capfd.readouterr() == ("", "")
        with pytest.raises(mc.MojoRuntimeError, match=r"^at another cell:\d+:\d+$"):
            user.tell(1)
        assert "mc_" not in capfd.readouterr().out


def test_all_of_what_is_raised_arrives(call: Called) -> None:
    error, _ = call("give_up", 3)
    assert (type(error), error.message) == (mc.MojoRuntimeError, "first\nsecond\n\n\tlast 3")
    error, _ = call("give_up_at_length", 1000)
    assert error.message == "é" * 1000


def test_how_much_of_a_long_error_is_missing_is_told(call: Called) -> None:
    error, _ = call("give_up_at_length", 30000)
    assert type(error) is mc.MojoRuntimeError
    found = re.fullmatch(r"(é+)… \((\d+) bytes more\)", error.message)
    assert found
    assert len(found[1]) > 1900
    assert 2 * len(found[1]) + int(found[2]) in (60000, 60001)  # main's has a newline


def test_places_that_are_printed_are_the_cells(call: Called) -> None:
    """Also what looks like an abort and is none: it stays in the output."""
    error, printed = call("tell_place", 0)
    line = line_of('print("ABORT:"')
    assert error is None
    assert re.fullmatch(rf"ABORT: cell:{line}:\d+ no\ncell\n", printed)
    error, _ = call("tell_place", 1)
    assert re.fullmatch(rf"at cell:{line + 3}:\d+", error.message)


VARIABLES = "from std.os import abort\nfrom std.reflection import source_location\nprint(source_location())\n"


def test_the_words_of_a_cell_with_variables() -> None:
    with pytest.raises(mc.MojoCrash) as caught:
        mc.cell(f'{VARIABLES}if n > 0:\n    abort("dead " + String(n))', inputs={"n": 4}, outputs=[])
    ended = caught.value
    assert (ended.message, ended.line) == ("dead 4", 5)
    assert ended.result is not None
    assert ended.result.stdout == "cell\n"
    with pytest.raises(mc.MojoRuntimeError) as raised:
        mc.cell(f'{VARIABLES}if n > 0:\n    raise Error("first\\nsecond", n)', inputs={"n": 4}, outputs=[])
    assert raised.value.message == "first\nsecond4"


@mc.mojo
def templated(n: int) -> int:
    r"""
    from std.os import abort
    def main() raises:
        if {{n}} > 1:
            abort("dead")
        if {{n}} > 0:
            raise Error("first\nsecond")
        print({{n}})
    """  # noqa: D205, D400, D403
    return 0


def test_the_words_of_a_template(capfd: pytest.CaptureFixture[str]) -> None:
    assert templated(0) == 0
    with pytest.raises(mc.MojoCrash, match=r":\d+:\d+: dead"):
        templated(2)
    with pytest.raises(mc.MojoRuntimeError, match=r"^first\nsecond$"):
        templated(1)
    said = capfd.readouterr()
    assert "ABORT" not in said.out
    assert "mc_" not in said.out + said.err


def test_the_words_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "dead.mojo").write_text(
        'from std.os import abort\ndef main():\n    print("a")\n    abort("x\\ny")\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "mojocell", "run", "dead.mojo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "a\n"
    assert "dead.mojo:4:10: x\ny\n" in done.stderr
    assert "mc_" not in done.stderr


def test_a_definition_is_found_where_it_is_the_only_one() -> None:
    assert definition(DEFINITIONS, "pop") == line_of("def pop")
    assert definition(DEFINITIONS, "Shelf.take") == line_of("    def take")
    assert definition("def f(): ...\ndef f(n: Int): ...\n", "f") is None
    assert definition("", "f") is None
    assert definition("struct S:\n    var x: Int\ndef g(): ...\n", "S.g") is None


def test_private_places_are_found_in_a_text() -> None:
    result = mc.compile("def f(): pass").__mojo__.result
    own = f"mc_{str(result.key)[:16]}.mojo"
    text = f"x /a/b/{own}:1:2 (/a/mc_u0123456789abcdef.mojo:7:8) /home/me/own.mojo:3"
    assert in_cell(text, result) == "x cell:1:2 (another cell:7:8) /home/me/own.mojo:3"
    assert in_cell("/a/mc_0123456789abcdef.mojo:5:6", result) == "another cell:5:6"


def test_what_a_program_prints_is_not_the_message_of_its_crash() -> None:
    words = "Unhandled exception caught during execution: not at all"
    source = f'from std.os import abort\nfrom std.sys import stderr\ndef main():\n    print("{words}")\n    {{}}abort()\n'
    for more in ("", f'print("{words}", file=stderr)\n    '):
        error = mc.run(source.format(more), check=False).error
        assert isinstance(error, mc.MojoCrash)
        assert "not at all" not in error.message and error.signal == 4


def test_files_that_are_printed_are_no_places() -> None:
    """Text with the names of files goes straight through, and costs what other text does."""
    result = mc.run(
        'def main():\n    for i in range(3):\n        print("a.mojo", i, "b.mojo:7", "c.mojo:7:x")\n'
    )
    assert result.stdout == "".join(f"a.mojo {i} b.mojo:7 c.mojo:7:x\n" for i in range(3))
