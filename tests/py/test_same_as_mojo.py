"""What `mojo run` runs, a cell runs: output, errors and exit status are those of the bare compiler.

Without `--long` one program with many cases and some functions are compared; with it every program and function of
the corpus, the documentation and the notebooks, and all of it with Modular's max beside the compiler too.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import bare
import mojocell as mc
import pages
from bare import Bare, Call

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("service")

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "corpus"
PROGRAMS = ROOT / "tests" / "programs"

#: The cases of tests/programs/behaviour.mojo.
CASES = {
    "nothing": Call(),
    "arguments": Call(("arguments", "two words", "", "é火", "--", "-x")),
    "environment": Call(("environment",), env={"MC_TOLD": "told é", "MC_EMPTY": ""}),
    "kinds": Call(("kinds",)),
    "input": Call(("input",), stdin="a line\n"),
    "read": Call(("read",), stdin="a line é\nanother, without an end"),
    "read-nothing": Call(("read",)),
    "write": Call(("write",)),
    "flood": Call(("flood",)),
    "streams": Call(("streams",)),
    "flush": Call(("flush",)),
    "error-only": Call(("error-only",)),
    "deep": Call(("deep",)),
    "catches": Call(("catches",)),
    "raise": Call(("raise",)),
    "raise-lines": Call(("raise-lines",)),
    "raise-empty": Call(("raise-empty",)),
    "exit-0": Call(("exit", "0")),
    "exit-3": Call(("exit", "3")),
    "exit-256": Call(("exit", "256")),
    "exit--1": Call(("exit", "-1")),
    "abort": Call(("abort",)),
    "index": Call(("index",)),
    "pop": Call(("pop",)),
    "overflow": Call(("overflow",)),
    "SIGTERM": Call(("signal", "15")),
    "SIGSEGV": Call(("signal", "11")),
    "SIGKILL": Call(("signal", "9")),
    "SIGPIPE": Call(("signal", "13")),
    "SIGCHLD": Call(("quick-signal", "17")),
    "divide": Call(("divide",)),
    "libc": Call(("libc",)),
}


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Bare:
    """The compiler that the tests are for."""
    return Bare(bare.toolchain(), tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="session")
def with_max(max_environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Bare:
    """A compiler with max beside it."""
    return Bare(max_environment, tmp_path_factory.mktemp("bare-max"))


@pytest.fixture(params=["plain", pytest.param("with_max", marks=pytest.mark.long)])
def compiler(request: pytest.FixtureRequest) -> Bare:
    """Each of the two."""
    found: Bare = request.getfixturevalue(request.param)
    return found


# ---- programs


@pytest.mark.parametrize("case", CASES)
def test_a_program_behaves_as_the_compilers_own(case: str, compiler: Bare, tmp_path: Path) -> None:
    bare.compare(compiler, (PROGRAMS / "behaviour.mojo").read_text(), CASES[case], tmp_path)


def from_files() -> Iterator[tuple[str, str]]:
    """Yield the programs of the tests."""
    for directory in (CORPUS, ROOT / "tests" / "c" / "data" / "crashes"):
        for path in sorted(directory.glob("*.mojo")):
            text = path.read_bytes().decode()
            if "def main(" in text:
                yield f"{directory.name}/{path.name}", text


def from_pages() -> Iterator[tuple[str, str]]:
    """Yield the programs of the documentation and of the tour: cells with a main and without options."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for block in pages.fences(page):
            if block.kind == "mojo" and "def main(" in block.source:
                yield f"{page.relative_to(ROOT)}:{block.line}", block.source
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(notebook.read_text())["cells"]:
            text = "".join(cell["source"])
            if text.startswith("%%mojo") and "def main(" in text:
                yield f"{notebook.name}:{cell['id']}", text


def from_notebooks() -> Iterator[tuple[str, str]]:
    """Yield the programs that the notebooks of marimo have as text."""
    for path in sorted((ROOT / "notebooks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and "def main(" in node.value and "{{" not in node.value:
                yield f"{path.name}:{node.lineno}", node.value


def without_magic(text: str) -> str | None:
    """Return the program of a cell; None where its options make it another one."""
    first, _, rest = text.partition("\n")
    if not first.startswith("%%"):
        return text
    return rest if first.strip() in {"%%mojo", "%%mojo --mode run"} else None


@cache
def programs() -> dict[str, str]:
    """Return all whole programs that there are."""
    found = {}
    for name, text in (*from_files(), *from_pages(), *from_notebooks()):
        program = without_magic(text)
        if program is not None:
            found[name] = program
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", programs())
def test_every_program_does_what_the_compilers_own_does(name: str, compiler: Bare, tmp_path: Path) -> None:
    bare.compare(compiler, programs()[name], Call(), tmp_path)


@pytest.mark.long
def test_python_within_mojo_does_what_it_does_in_an_activated_environment(
    compiler: Bare, tmp_path: Path
) -> None:
    prefix = Path(sys.prefix)
    path = f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}"
    call = Call(env={"PATH": path, "VIRTUAL_ENV": str(prefix), "MOJO_PYTHON": sys.executable})
    bare.compare(compiler, (PROGRAMS / "python.mojo").read_text(), call, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("case", ["none", "twice", "raise"])
def test_threads_do_what_the_compilers_own_program_does(case: str, with_max: Bare, tmp_path: Path) -> None:
    bare.compare(with_max, (PROGRAMS / "parallel.mojo").read_text(), Call((case,)), tmp_path)


@pytest.mark.long
def test_a_crash_in_a_thread_ends_the_program_as_the_compilers_own(with_max: Bare, tmp_path: Path) -> None:
    # Which of the threads tells what is nobody's to say.
    source, call = (PROGRAMS / "parallel.mojo").read_text(), Call(("crash",))
    expected = bare.common(with_max.run(source, call, tmp_path))
    end, result = bare.product(source, call, with_max.root, tmp_path)
    assert bare.common(end) == expected
    assert isinstance(result.error, mc.MojoCrash)
    assert "is out of bounds, valid range is 0 to 1" in result.error.message


@pytest.mark.long
def test_a_machine_without_a_gpu_is_told_as_the_compilers_own_program_tells_it(
    with_max: Bare, tmp_path: Path
) -> None:
    bare.compare(with_max, (PROGRAMS / "device.mojo").read_text(), Call(), tmp_path)


def test_what_differs_is_documented() -> None:
    page = (ROOT / "docs" / "limits.md").read_text()
    for difference in bare.DIFFERENCES:
        assert f"| {difference.name} | {difference.reason}" in page


def test_the_programs_that_are_compared_are_many() -> None:
    names = set(programs())
    assert len(names) > 25
    assert {"corpus/program.mojo", "crashes/list_index.mojo"} <= names
    assert any(name.startswith("docs/") for name in names)


# ---- functions

#: A value of each type that a function of the corpus takes, for Python and for Mojo.
VALUES: dict[str, tuple[Any, str]] = {
    "Bool": (True, "True"),
    "Float64": (2.5, "2.5"),
    "Int": (3, "3"),
    "List[Int]": ([4, 5, 6], "list()"),
    "String": ("größe", '"größe"'),
}

DRIVER = """{imports}


def list() -> List[Int]:
    return [4, 5, 6]


def main():
{calls}
"""

CALL = """    print("@ {title}")
    try:
        {call}
    except e:
        print("raised:", e)
"""
QUIET = """    print("@ {title}")
    {call}
"""


def modules(every: bool) -> list[str]:
    """Return the modules of the corpus whose functions are compared."""
    return sorted(path.stem for path in CORPUS.glob("*.mojo")) if every else ["raising", "returns"]


def overloads(module: mc.MojoModule) -> Iterator[dict[str, Any]]:
    """Yield all that Python can call of a module."""
    for entries in module.__mojo__.entries.values():
        yield from entries


def python_arguments(entry: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return what the function is called with."""
    positional, named = [], {}
    for argument in entry["arguments"]:
        value = VALUES[argument["mojo"].replace(" ", "")][0]
        if argument["kind"] == "keyword":
            named[argument["name"]] = value
        else:
            positional.append(value)
    return positional, named


def title(module: str, entry: dict[str, Any]) -> str:
    """Return what stands above what a call gives."""
    return f"{module}.{entry['name']} {entry['abi']}"


def mojo_call(module: str, entry: dict[str, Any]) -> str:
    """Return the same call in Mojo, with what it returns printed."""
    words = []
    for argument in entry["arguments"]:
        value = VALUES[argument["mojo"].replace(" ", "")][1]
        words.append(f"{argument['name']}={value}" if argument["kind"] == "keyword" else value)
    name = entry["name"] if entry["name"].isidentifier() and entry["name"] != "def" else f"`{entry['name']}`"
    call = f"{module}.{name}({', '.join(words)})"
    text = call if entry["returns"] == "None" else f"print({call})"
    pattern = CALL if " raises " in entry["abi"] else QUIET
    return pattern.format(title=title(module, entry), call=text)


def as_printed(value: Any) -> str:
    """Return what Mojo's print makes of a value."""
    if value is None:
        return "None"
    if isinstance(value, tuple):
        return f"({', '.join(as_printed(item) for item in value)})"
    if hasattr(value, "tolist"):
        return f"[{', '.join(str(item) for item in value.tolist())}]"
    return str(value)


def called(function: Any, entry: dict[str, Any]) -> str:
    """Call a function; return what the driver prints for it."""
    positional, named = python_arguments(entry)
    try:
        value = function(*positional, **named)
    except mc.MojoRuntimeError as error:
        return f"raised: {error.message}\n"
    return "" if entry["returns"] == "None" else f"{as_printed(value)}\n"


def compare_functions(names: list[str], compiler: Bare, tmp_path: Path) -> None:
    """Compare functions of these modules, called from Mojo and from Python in each way."""
    found = {name: mc.compile((CORPUS / f"{name}.mojo").read_bytes().decode()) for name in names}
    calls = [mojo_call(name, entry) for name, module in found.items() for entry in overloads(module)]
    driver = DRIVER.format(
        imports="\n".join(f"import {name}" for name in names), calls="".join(calls).rstrip("\n")
    )
    end = compiler.run(driver, Call(), tmp_path, "-I", str(CORPUS))
    assert (end.status, end.stderr) == (0, "")
    got = []
    for name, module in found.items():
        for entry in overloads(module):
            printed: list[bytes] = []
            function = module.__mojo__.capturing(entry["name"], lambda _, data, to=printed: to.append(data))
            returned = called(function, entry)
            got.append(f"@ {title(name, entry)}\n{b''.join(printed).decode()}{returned}")
            inline = module.__mojo__.function(entry["name"])
            assert called(inline, entry) == returned
    assert "".join(got) == end.stdout


def test_functions_do_what_they_do_in_a_program(plain: Bare, tmp_path: Path) -> None:
    compare_functions(modules(every=False), plain, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_every_function_of_the_corpus_does_what_it_does_in_a_program(
    compiler: Bare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOJOCELL_TOOLCHAIN", str(compiler.root))
    compare_functions(modules(every=True), compiler, tmp_path)
