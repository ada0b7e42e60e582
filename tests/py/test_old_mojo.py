"""Programs as they were written for Mojo 24.1 to 26.1: repaired they print what they printed then, or a hint leads on."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mojocell as mc

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "old_mojo"
NAMES = sorted(path.stem for path in FOLDER.glob("*.mojo"))

#: A few of each kind of repair; all of them take several minutes.
FEW = [
    "value_own_init_both",
    "stringable",
    "word_count",
    "palindrome",
    "transpose",
    "function_parameter",
    "pointer_alloc",
    "def_main_raises",
    "fstring_expression",
    "statistics",
]

#: Those that no repair makes run.
HINTED = [
    "benchmark_run",
    "dtype_pointer",
    "globals_var",
    "gpu_kernel",
    "hashable_key",
    "layout_tensor",
    "lifetime_ref",
    "linked_list",
    "matrix_pointer",
    "memcpy",
    "named_result",
    "object_type",
    "parallelize",
    "parallelize_25",
    "register_passable",
    "tensor",
    "untyped_def",
    "vectorize_25",
    "vectorize_sum",
    "where_26",
]


def old(name: str) -> tuple[str, str]:
    """Return a program and what it prints; its first line says which Mojo it was written for."""
    source = (FOLDER / f"{name}.mojo").read_text()
    found = re.match(r"# Mojo 2[456]\.\d prints (.*)\n", source)
    assert found, name
    return source, json.loads(found[1])


def helped(result: mc.RunResult) -> bool:
    """Tell whether all that stands in the way of a program has a hint."""
    errors = [item for item in result.diagnostics if item.kind == "error"]
    return all(item.hint for item in errors) if errors else bool(result.error and result.error.hint)


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_there_are_programs_of_each_time() -> None:
    versions = {re.match(r"# Mojo (2\d)", (FOLDER / f"{name}.mojo").read_text())[1] for name in NAMES}  # type: ignore[index]
    assert versions == {"24", "25", "26"}
    assert len(NAMES) >= 150


def test_the_share_that_runs_is_what_the_page_says() -> None:
    running = len(NAMES) - len(HINTED)
    assert set(HINTED) < set(NAMES)
    assert running >= 0.8 * len(NAMES)
    page = (ROOT / "docs" / "howto" / "from-older-mojo.md").read_text()
    assert f"of {len(NAMES)} programs {running} run" in page


@pytest.fixture(scope="module")
def results(
    request: pytest.FixtureRequest, service: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[mc.RunResult]]]:
    """What becomes of the programs that are asked for in this session, as many at a time as there are processors."""
    asked = [
        item.callspec.params["program"]
        for item in request.session.items
        if item.path == Path(__file__) and "program" in item.fixturenames
    ]
    directory = tmp_path_factory.mktemp("programs")
    pool = ThreadPoolExecutor(os.cpu_count())
    yield {name: pool.submit(mc.run, old(name)[0], check=False, cwd=directory) for name in asked}
    pool.shutdown(cancel_futures=True)


def every(names: list[str]) -> list[Any]:
    """Return programs as parameters of a test, most of which take long together."""
    marks = {name: () if name in FEW else (pytest.mark.long, pytest.mark.timeout(1800)) for name in names}
    return [pytest.param(name, marks=marks[name]) for name in names]


@pytest.mark.parametrize("program", every([name for name in NAMES if name not in HINTED]))
def test_a_program_of_older_mojo_prints_what_it_printed_then(
    program: str, results: dict[str, Future[mc.RunResult]]
) -> None:
    source, printed = old(program)
    result = results[program].result()
    assert (result.error, result.stdout) == (None, printed)
    assert result.modernized
    # No repair moves a line: what is said of the repaired cell is true of the one that was typed.
    assert len(result.source.splitlines()) == len(source.splitlines())


@pytest.mark.parametrize("program", every(HINTED))
def test_each_error_of_one_that_does_not_run_has_a_hint(
    program: str, results: dict[str, Future[mc.RunResult]]
) -> None:
    result = results[program].result()
    assert not result.ok
    assert helped(result)


@pytest.mark.usefixtures("service")
def test_an_older_extension_module_compiles_and_says_that_none_is_needed() -> None:
    module = mc.compile(
        "from python import PythonObject\n"
        "from python.bindings import PythonModuleBuilder\n"
        "from os import abort\n\n"
        "@export\n"
        "fn PyInit_sums() -> PythonObject:\n"
        "    try:\n"
        '        var m = PythonModuleBuilder("sums")\n'
        '        m.def_function[squares]("squares", docstring="The sum of squares.")\n'
        "        return m.finalize()\n"
        "    except e:\n"
        '        return abort[PythonObject](String("no module: ", e))\n\n'
        "fn squares(n: PythonObject) raises -> PythonObject:\n"
        "    var total = 0\n"
        "    for i in range(Int(n)):\n"
        "        total += i * i\n"
        "    return total\n"
    )
    assert list(module.functions) == []
    assert "none is needed" in module.skipped["PyInit_sums"]
    assert "give it a type, as in 'n: Int'; no PythonModuleBuilder" in module.skipped["squares"]


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("from std.buffer import NDBuffer", "`Buffer` and `NDBuffer` have been removed"),
        ("from std.memory.arc import Arc", "`from std.memory import ArcPointer`"),
        ("from max.graph import Graph", "`max` is a package of its own: pip install max"),
        ("from mojmelo.utils import Matrix", "`mojmelo` is a library from PyPI"),
        ("from my_library import f", "`my_library` is a module of yours or of a library"),
    ],
)
def test_an_unknown_module_says_of_which_kind_it_is_also_where_nothing_uses_it(line: str, hint: str) -> None:
    result = mc.run(f"{line}\nprint(1)", check=False)
    errors = [item for item in result.diagnostics if item.kind == "error"]
    assert [item.line for item in errors] == [1]
    assert hint in (errors[0].hint or "")


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("line", "column", "hint"),
    [
        (
            "from mylib.nothing import f",
            12,
            "`mylib` is found in {} and has no `nothing`: its modules are `a`, `sub`",
        ),
        (
            "from mylib.sub.nope import f",
            16,
            "`mylib.sub` is found in {}/sub and has no `nope`: its modules are `b`",
        ),
        ("import mylib.nothing as other", 14, "`mylib` is found in {} and has no `nothing`"),
        ("from mylib import nothing", 19, "`mylib` is found in {} and has no `nothing`"),
        ("from other.nothing import f", 6, "`other` is a module of yours or of a library"),
    ],
)
def test_what_a_library_has_is_told_where_it_lacks_what_is_imported(
    tmp_path: Path, line: str, column: int, hint: str
) -> None:
    library = tmp_path / "mylib"
    (library / "sub").mkdir(parents=True)
    for path in ("__init__", "a", "_private", "sub/__init__", "sub/b"):
        (library / f"{path}.mojo").write_text("def one() -> Int:\n    return 1\n")
    result = mc.run(f"{line}\nprint(1)", check=False, flags=["-I", str(tmp_path)])
    errors = [item for item in result.diagnostics if item.kind == "error"]
    assert [(item.line, item.column) for item in errors] == [(1, column)]
    assert hint.format(library) in (errors[0].hint or "")
