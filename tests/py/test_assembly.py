"""`asm`: machine code beside the lines it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mojocell as mc
from mojocell import extras
from mojocell.assembly import artifact, loops
from mojocell.assembly.artifact import Instruction

SOURCE = """
from std.math import exp
from std.sys.info import simd_width_of

def bell(x: Float64) -> Float64:
    return exp(-x * x / 2)

def plain(xs: Span[Float64, _]) -> Float64:
    var sum = 0.0
    for x in xs:
        sum += bell(x)
    return sum

def vectors(xs: Span[Float64, _]) -> Float64:
    comptime width = simd_width_of[DType.float64]()
    var data = xs.unsafe_ptr()
    var sums = SIMD[DType.float64, width](0)
    for i in range(0, len(xs) // width * width, width):
        sums += data.load[width=width](i)
    return sums.reduce_add()

def ratios(xs: Span[Float64, _]) -> Float64:
    var last = 1.0
    for x in xs:
        last = x / (last + x)
    return last

def fib(n: Int) -> Int:
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)

def many(n: Int) -> Int:
    var sum = 0
    for i in range(n):
        sum += fib(i)
    return sum

def twice(n: Int) -> Int:
    return 2 * n

def twice(x: Float64) -> Float64:
    return 2 * x
"""


@pytest.fixture(scope="module")
def module(service: Path) -> mc.MojoModule:
    return mc.compile(SOURCE)


@pytest.fixture(scope="module")
def whole(module: mc.MojoModule) -> Any:
    return mc.asm(module)


def numbered(text: str) -> int:
    return next(n for n, line in enumerate(SOURCE.splitlines(), 1) if line == text)


def of(whole: Any, title: str) -> Any:
    return next(part for part in whole.parts if part.title.startswith(f"def {title}("))


def loops_of(whole: Any, title: str) -> list[loops.Loop]:
    return loops.loops(of(whole, title).routines[0])


def test_a_loop_says_how_many_elements_it_takes_at_once(module: mc.MojoModule, whole: Any) -> None:
    [plain] = loops_of(whole, "plain")
    assert plain.lanes == 1
    assert set(plain.lines) <= {
        numbered("    for x in xs:"),
        numbered("        sum += bell(x)"),
        numbered("    return exp(-x * x / 2)"),
    }
    widest = max(loops_of(whole, "vectors"), key=lambda loop: loop.lanes)
    assert widest.lanes == mc.machine().elements["Float64"]
    assert f"{widest.lanes} elements at a time" in str(widest)


def test_a_loop_says_what_holds_it_up(whole: Any) -> None:
    [ratios] = loops_of(whole, "ratios")
    assert ratios.divisions >= 1
    assert "division" in str(ratios)
    calls = [
        name for part in whole.parts for r in part.routines for loop in loops.loops(r) for name in loop.calls
    ]
    assert "fib" in calls


def test_what_is_called_and_not_put_into_its_place_follows(whole: Any) -> None:
    part = of(whole, "fib")
    assert [routine.name for routine in part.routines][1:] == ["fib"]
    assert any(one.calls == "fib" for one in part.routines[0].instructions)


def test_overloads_are_all_shown(module: mc.MojoModule) -> None:
    assert [part.title for part in mc.asm(module.twice).parts] == [
        "def twice(n: Int) -> Int",
        "def twice(x: Float64) -> Float64",
    ]


def test_lines_stand_above_their_code(module: mc.MojoModule) -> None:
    text = mc.asm(module.plain).text.splitlines()
    number = numbered("        sum += bell(x)")
    assert text[0] == "def plain(xs: Span[Float64, _]) -> Float64"
    assert f"{number:>4}          sum += bell(x)" in text
    assert any(re.search(r"; .*math\.mojo:\d+$", line) for line in text)
    assert mc.asm(module, "plain").text.splitlines() == text


def test_jumps_go_to_labels(whole: Any) -> None:
    text = whole.text
    labels = set(re.findall(r"^   (L\d+):$", text, re.MULTILINE))
    assert labels
    jumps = re.findall(r"^ +j\w+ +(\S+)", text, re.MULTILINE)
    assert set(jumps) <= labels


def test_the_code_is_the_one_that_runs(module: mc.MojoModule) -> None:
    lines = mc.compile(SOURCE, flags=["-g1"])

    def code(made: mc.MojoModule) -> dict[str, list[tuple[str, int, list[str]]]]:
        opened = artifact.Artifact(made.__mojo__.result.artifact, (), lambda line: line)
        symbols = [entry["symbol"] for entry in made.__mojo__.result.functions]
        return {
            symbol: [
                (routine.name, routine.size, [one.mnemonic for one in routine.instructions])
                for routine in opened.routines(symbol)
            ]
            for symbol in symbols
        }

    assert code(lines) == code(module)


def test_a_program_and_statements_have_main(service: Path) -> None:
    program = mc.compile(
        "def main():\n    var s = 0\n    for i in range(1000):\n        s += i * i % 7\n    print(s)"
    )
    text = mc.asm(program).text.splitlines()
    assert text[0] == "main"
    assert "   4          s += i * i % 7" in text
    statements = mc.compile("var s = 0\nfor i in range(1000):\n    s += i * i % 7\nprint(s)")
    assert "   3      s += i * i % 7" in mc.asm(statements, "main").text.splitlines()


def test_html_is_escaped(service: Path) -> None:
    less = mc.compile("def less(a: Int, b: Int) -> Bool:\n    return a < b  # <b>\n").less
    html = mc.asm(less)._repr_html_()
    assert "return a &lt; b" in html
    assert "<b>" not in html
    assert mc.asm(less)._mime_() == ("text/html", html)


def test_what_cannot_be_shown_is_told(module: mc.MojoModule) -> None:
    with pytest.raises(
        TypeError, match="asm takes a Mojo function or a MojoModule, not <built-in function len>"
    ):
        mc.asm(len)
    with pytest.raises(TypeError, match="a name is for a module"):
        mc.asm(module.fib, "fib")
    with pytest.raises(ValueError, match="there is no function nothing to show: there is bell, plain"):
        mc.asm(module, "nothing")


def test_missing_packages_are_named(module: mc.MojoModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "missing", lambda extra: [extras.Missing("capstone", "5")])
    with pytest.raises(ImportError, match=r"machine code is read with capstone: pip install 'capstone>=5'"):
        mc.asm(module.fib)


@pytest.mark.parametrize(
    ("mnemonic", "operands", "expected"),
    [
        ("vaddpd", "ymm0, ymm0, ymm1", 4),
        ("addps", "xmm0, xmm1", 4),
        ("vfmadd231pd", "zmm0, zmm1, zmm2", 8),
        ("vfmadd231sd", "xmm0, xmm1, xmm2", 1),
        ("vpaddd", "ymm0, ymm1, ymm2", 8),
        ("vmovapd", "ymm0, ymm1", 0),
        ("add", "rax, rbx", 0),
        ("fadd", "v0.2d, v0.2d, v1.2d", 2),
        ("fmla", "v0.4s, v1.4s, v2.4s", 4),
        ("ld1", "{v0.2d}, [x0]", 0),
        ("fmul", "d0, d1, d2", 1),
        ("add", "x0, x1, x2", 0),
    ],
)
def test_lanes(mnemonic: str, operands: str, expected: int) -> None:
    assert loops.lanes(Instruction(0, mnemonic, operands, 1, "", None, None, "")) == expected


@pytest.mark.parametrize(
    ("mnemonic", "operands", "expected"),
    [
        ("vmovsd", "qword ptr [rsp + 8], xmm0", True),
        ("mov", "qword ptr [rbp - 8], rax", True),
        ("mov", "rax, qword ptr [rsp + 8]", False),
        ("mov", "qword ptr [rdi], rax", False),
        ("str", "d0, [sp, #8]", True),
        ("ldr", "d0, [sp, #8]", False),
    ],
)
def test_spills(mnemonic: str, operands: str, expected: bool) -> None:
    assert loops.is_spill(Instruction(0, mnemonic, operands, 1, "", None, None, "")) is expected


@pytest.fixture
def ip(service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An IPython with the extension loaded."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("NO_COLOR", "1")
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    monkeypatch.setattr(InteractiveShell, "_instance", shell)
    shell.run_line_magic("load_ext", "mojocell")
    yield shell
    InteractiveShell._instance = None


def test_a_cell_shows_it(ip: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cell = "def one(n: Int) -> Int:\n    return n + 1\n\ndef two(n: Int) -> Int:\n    return n + 2\n"
    ip.run_cell_magic("mojo", "--asm two", cell)
    shown = capsys.readouterr().out
    assert "def two(n: Int) -> Int" in shown
    assert "   6      return n + 2" in shown
    assert "return n + 1" not in shown
    ip.run_cell_magic("mojo", "--asm", cell)
    assert "return n + 1" in capsys.readouterr().out
    from IPython.core.error import UsageError

    with pytest.raises(UsageError, match="--asm: there is no function three"):
        ip.run_cell_magic("mojo", "--asm three", cell)
