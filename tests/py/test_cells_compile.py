"""Statement cells, compiled by the real compiler and run: what they print, and where their errors are."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

TOOL = os.environ.get("MOJOCELL_SCAN_TOOL", "")
TOOLCHAIN = Path(os.environ.get("MOJOCELL_TEST_TOOLCHAIN", ""))

pytestmark = pytest.mark.skipif(
    not TOOL or not (TOOLCHAIN / "bin/mojo").exists(),
    reason="needs MOJOCELL_SCAN_TOOL (mc-scan) and MOJOCELL_TEST_TOOLCHAIN (a modular directory)",
)

# name: (cell, what it prints)
CELLS: dict[str, tuple[str, str]] = {
    "hello": ('print("hello")', "hello\n"),
    "shown": ("var x = 20\nx * 2 + 2", "42\n"),
    "not_shown": ("var x = 20\nx * 2;\n", ""),
    "none_is_not_shown": ("def quiet():\n    pass\n\nquiet()", ""),
    "raising_call": ("def loud() raises -> String:\n    return 'ok'\n\nloud()", "ok\n"),
    "tuple_shown": ("1, 'a'", "(1, a)\n"),
    "string_shown": ("'''two\n    lines'''", "two\n    lines\n"),
    "tstring_shown": ('var d = {"a": 1}\nt"{d["a"]} {{}}"', "1 {}\n"),
    "list_shown": ("[x * x for x in range(4)]", "[0, 1, 4, 9]\n"),
    "not_writable": (
        "struct Opaque:\n    def __init__(out self):\n        pass\n\nOpaque()",
        "",
    ),
    "own_print": (
        "def print(x: Int) -> Int:\n    return x + 1\n\nprint(1)",
        "2\n",
    ),
    "hoisted": (
        (
            "import std.math; from std.math import sqrt; var first = 4\n"
            "comptime N = M + 1\ncomptime M = 2\n"
            "def cube(x: Int) -> Int:\n    return x ** N\n"
            "print(sqrt(16.0), cube(first), std.math.sqrt(4.0))"
        ),
        "4.0 64 2.0\n",
    ),
    "comptime_of_a_variable": (
        "var x = 2.5\ncomptime T = type_of(x)\nvar y: T = 3\nprint(y + x)",
        "5.5\n",
    ),
    "blocks": (
        (
            "var total = 0\nfor i in range(5):\n    # comment\n\n  # odd\n    if i == 3:\n        continue\n"
            "    else:\n        total += i\nwhile total > 6: total -= 1\n"
            "try:\n    raise Error('x')\nexcept e:\n    print('caught', e)\nfinally:\n    print('done')\n"
            "with open('/dev/null', 'r') as f:\n    _ = f.read()\nif total: print(total); print('more')\n"
        ),
        "caught x\ndone\n6\nmore\n",
    ),
    "strings_untouched": (
        (
            'var text = """a\n  b # no comment\ndef fake(): """\n'
            "print(text, '''c\n\td''')\nprint(\"e \\\n  f\")"
        ),
        "a\n  b # no comment\ndef fake():  c\n\td\ne   f\n",
    ),
    "continued": ("print(1,\n2, [3,\n4])\nprint(5 + \\\n6)\n", "1 2 [3, 4]\n11\n"),
    "tabs": ("var x = 2\nwhile x:\n\tx -= 1\n\tif x:\n\t\tprint('t', x)\n", "t 1\n"),
    "crlf": ("var x = 1\r\nif x:\r\n    print('''a\r\nb''')\r\nx + 1\r\n", "a\r\nb\n2\n"),
    "byte_order_mark": ("\ufeffprint('é')", "é\n"),
    "semicolons": ("print(1); print(2);\nvar a = 1; a + 1", "1\n2\n2\n"),
    "unpacking": ("var (a, b) = (1, 2)\nvar c: Int = 3; (a, b) = (b, a)\nprint(a, b, c)", "2 1 3\n"),
    "struct": (
        (
            "@fieldwise_init\n# between\nstruct P(Copyable, Writable):\n    var x: Int\n"
            "    def write_to(self, mut writer: Some[Writer]):\n        writer.write('P', self.x)\n\nP(3)"
        ),
        "P3\n",
    ),
    "assertion": ("assert 1 + 1 == 2\npass\n...\n'last'", "last\n"),
    "conditional": ("var x = 3\nx if x > 2 else 0", "3\n"),
    "comptime_blocks": (
        "comptime if True:\n    print('yes')\ncomptime for i in range(2):\n    print(i)\n",
        "yes\n0\n1\n",
    ),
    "comments_only_bodies": ("# first\n\nprint(1)  # second\n# last", "1\n"),
}


def environment() -> dict[str, str]:
    """Return this process's environment with what the compiler wants."""
    return {
        **os.environ,
        "MODULAR_MAX_PACKAGE_ROOT": str(TOOLCHAIN),
        "MODULAR_MOJO_MAX_PACKAGE_ROOT": str(TOOLCHAIN),
        "MODULAR_MOJO_MAX_DRIVER_PATH": str(TOOLCHAIN / "bin/mojo"),
        "MODULAR_MOJO_MAX_IMPORT_PATH": str(TOOLCHAIN / "lib/mojo"),
    }


def generated(cell: str, directory: Path, name: str) -> str:
    """Write the module of a cell, and return the text of its entry."""
    source = directory / f"{name}.cell"
    source.write_bytes(cell.encode())
    module = subprocess.run([TOOL, "--module", source], capture_output=True, check=True).stdout
    (directory / f"mc_{name}.mojo").write_bytes(module)
    entry = subprocess.run([TOOL, "--entry", f"mc_{name}", source], capture_output=True, check=True).stdout
    return entry.decode()


def compiler(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the compiler there."""
    command = [str(TOOLCHAIN / "bin/mojo"), *arguments]
    done = subprocess.run(command, cwd=directory, env=environment(), capture_output=True, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each cell prints: one program with all modules, one compilation."""
    directory = tmp_path_factory.mktemp("cells")
    lines = []
    for name, (cell, _) in CELLS.items():
        generated(cell, directory, name)
        lines += [f"import mc_{name}"]
    lines += ["", "def main() raises:"]
    for name in CELLS:
        lines += [f'    print("\\x01{name}\\x02", end="")', f"    mc_{name}.main()"]
    (directory / "all.mojo").write_text("\n".join(lines) + "\n")
    done = compiler(directory, "run", "all.mojo")
    assert done.returncode == 0, done.stderr
    pieces = [piece.split("\x02", 1) for piece in done.stdout.split("\x01")[1:]]
    return dict(pieces)


@pytest.mark.parametrize("name", CELLS)
def test_cell_prints(name: str, printed: dict[str, str]) -> None:
    """A cell prints what its statements print, and its last value."""
    assert printed[name] == CELLS[name][1]


def test_entry_runs_main_and_reports_what_it_raised(tmp_path: Path) -> None:
    """The exported function prints to stderr as the compiler's executables do, and nothing warns."""
    entries = {
        "good": "def unused(x: Int) -> Int:\n    return x\n\ndef main():\n    print('fine')\n",
        "bad": "print('before')\nraise Error('boom')\n",
    }
    program = []
    for name, cell in entries.items():
        text = generated(cell, tmp_path, name)
        (tmp_path / f"entry_{name}.mojo").write_text(text)
        program += [f"import entry_{name}"]
    program += ["", "def main():"]
    program += [f"    print(entry_{name}.mc_main())" for name in entries]
    # Both entries export one symbol, which one program cannot.
    for name in entries:
        path = tmp_path / f"entry_{name}.mojo"
        path.write_text(path.read_text().replace("@export\n", "").replace(' abi("C")', ""))
    (tmp_path / "all.mojo").write_text("\n".join(program) + "\n")
    done = compiler(tmp_path, "run", "all.mojo")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "fine\n0\nbefore\n1\n"
    assert "Unhandled exception caught during execution: boom\n" in done.stderr
    assert "warning" not in done.stderr


def test_entry_is_a_shared_library_without_warnings(tmp_path: Path) -> None:
    """The entry compiles as it is."""
    (tmp_path / "entry.mojo").write_text(generated("def f(): pass\n1 + 1", tmp_path, "cell"))
    done = compiler(tmp_path, "build", "--emit", "object", "entry.mojo", "-o", "entry.o")
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    assert b"mc_main" in (tmp_path / "entry.o").read_bytes()


def test_errors_in_functions_that_nothing_calls_are_found(tmp_path: Path) -> None:
    """The entry refers to every definition."""
    cell = "def uncalled(x: Int) -> Int:\n    return nowhere\n\nprint(1)\n"
    (tmp_path / "entry.mojo").write_text(generated(cell, tmp_path, "cell"))
    done = compiler(
        tmp_path, "build", "--emit", "object", "--diagnostic-format", "json", "entry.mojo", "-o", "x.o"
    )
    assert done.returncode != 0
    errors = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    found = [each for each in errors if "nowhere" in each["message"]]
    assert found, done.stderr
    assert found[0]["diagnostic"]["location"]["line"] == 2


@pytest.mark.parametrize("kind", ["def main():\n    pass\n", "print(1)\n"], ids=["program", "statements"])
def test_imports_of_what_is_not_there_are_found_where_nothing_uses_them(kind: str, tmp_path: Path) -> None:
    """The entry asks for each name that the cell imports; those that are there cost no error."""
    cell = (
        "from nosuch import x\n"
        "from std.math import sqrt, pi as `my pi`, nothing as it\n"
        "from std.os import path\nfrom std.collections import *\n"
        "from std.builtin.sort import sort; from std.math import sqrt\n" + kind
    )
    (tmp_path / "entry.mojo").write_text(generated(cell, tmp_path, "cell"))
    done = compiler(
        tmp_path, "build", "--emit", "object", "--diagnostic-format", "json", "entry.mojo", "-o", "x.o"
    )
    errors = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    places = [
        (each["message"], each["diagnostic"]["location"]["line"], each["diagnostic"]["location"]["column"])
        for each in errors
        if each["kind"] == "error"
    ]
    assert places == [
        ("unable to locate module 'nosuch'", 1, 5),
        ("package 'math' does not contain 'nothing'", 2, 42),
    ]
