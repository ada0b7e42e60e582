"""`run`, `compile` and the command with the real daemon and the real compiler."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import mojocell as mc

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("service")

EVERYTHING = """
from std.os import getenv
from std.sys import argv

def main() raises:
    print("é火🔥")
    print(getenv("MOJOCELL_TEST", "unset"))
    for word in argv():
        print(word)
    print(input())
"""


ABORT = """
from std.os import abort
print("a")
def stop(n: Int):
    if n > 3:
        abort("dead")
stop(10)
"""

LOOP = """
from std.time import sleep
print("begun")
for _ in range({count} - 1):
    sleep(0.01)
"""


@pytest.fixture(scope="module")
def program(service: Path) -> mc.RunResult:
    """A program that tells of all it was given."""
    return mc.run(
        EVERYTHING, stdin="from stdin\n", args=["a", "b c"], env={**os.environ, "MOJOCELL_TEST": "set"}
    )


def test_a_program_gets_arguments_environment_and_input(program: mc.RunResult) -> None:
    lines = program.stdout.split("\n")
    assert lines[:2] == ["é火🔥", "set"]
    assert lines[-5:] == ["a", "b c", "from stdin", ""] or lines[-4:] == ["a", "b c", "from stdin", ""]
    assert program.returncode == 0
    assert program.cache in ("miss", "hit")
    assert program.times["total"] > 0
    assert program.toolchain["version"].startswith("1.")


def test_the_second_run_is_a_hit_whatever_its_input(program: mc.RunResult) -> None:
    before = mc.cache.stats()
    again = mc.run(EVERYTHING, stdin="other\n", args=["c"])
    after = mc.cache.stats()
    assert again.cache == "hit"
    assert again.stdout.endswith("c\nother\n")
    assert again.key == program.key
    assert (after["hits"] - before["hits"], after["misses"] - before["misses"]) == (1, 0)


def test_explain_says_why_a_cell_was_compiled() -> None:
    mc.run("print(1)", name="explained")
    mc.run("print(1)  # a comment is no change", name="explained")
    assert mc.cache.explain("explained")[0].outcome == "hit"
    mc.run("print(1 + 1)", name="explained")
    found = mc.cache.explain("explained")
    assert found[0].outcome == "miss"
    assert any("source" in reason for reason in found[0].reasons)
    mc.run("print(1)", name="explained")
    assert mc.cache.explain("explained")[0].outcome == "hit"


def test_a_time_limit_ends_the_program_and_keeps_its_output() -> None:
    source = 'from std.time import sleep\nprint("begun")\nsleep(60.0)\n'
    with pytest.raises(mc.MojoTimeout) as caught:
        mc.run(source, timeout=0.5)
    assert caught.value.result is not None
    assert caught.value.result.stdout == "begun\n"
    assert mc.run(source, timeout=0.5, check=False).limit == "wall"


def test_a_limit_of_processor_time_ends_programs_and_isolated_calls() -> None:
    source = "def spin(n: Int) -> Int:\n    var k = n\n    while k != 0:\n        k += 2\n    return k\n"
    with pytest.raises(mc.MojoLimit) as caught:
        mc.run(source + "def main():\n    print(spin(1))\n", cpu=1)
    assert caught.value.limit == "cpu"
    spin = mc.cell(source, mode="isolated", cpu=0.2).spin
    for _ in range(2):
        with pytest.raises(mc.MojoLimit, match=r"more than 0\.2 s of processor time") as caught:
            spin(1)
        assert caught.value.limit == "cpu"
    assert spin(-2) == 0


def test_limits_of_output_and_of_processes_end_programs() -> None:
    loud = "def main():\n    while True: print('0123456789' * 100)"
    with pytest.raises(mc.MojoLimit, match=r"printed more than 1048576 bytes") as caught:
        mc.run(loud, most_output=1)
    assert caught.value.limit == "output"
    many = (
        "from std.subprocess import run\ndef main() raises: print(run('sleep 9 & sleep 9 & sleep 9 & wait'))"
    )
    with pytest.raises(mc.MojoLimit, match="more than 2 processes") as caught:
        mc.run(many, processes=2)
    assert caught.value.limit == "processes"


def test_libraries_of_the_callers_import_path_are_found_and_part_of_the_key(tmp_path: Path) -> None:
    """As packages of Mojo from PyPI set it; the standard library that it names as well is not taken from there."""
    root = mc.info()["toolchain"]["root"]
    library = tmp_path / "site"
    library.mkdir()
    (library / "lent.mojo").write_text("def lent() -> Int: return 1")
    env = {**os.environ, "MODULAR_MOJO_MAX_IMPORT_PATH": f"{root}/lib/mojo,{tmp_path}/gone,{library}"}
    source = "from lent import lent\nprint(lent())"
    assert mc.run(source, env=env).stdout == "1\n"
    assert mc.run(source, env=env).cache == "hit"
    (library / "lent.mojo").write_text("def lent() -> Int: return 2")
    again = mc.run(source, env=env)
    assert (again.cache, again.stdout) == ("miss", "2\n")
    with pytest.raises(mc.MojoCompileError, match="unable to locate module 'lent'") as caught:
        mc.run(source)
    assert "give the directory that it is in with -I" in str(caught.value)


def test_an_abort_names_the_cell_and_its_line_in_the_error_alone() -> None:
    result = mc.run(ABORT, check=False, name="my cell")
    assert result.stdout == "a\n"
    assert isinstance(result.error, mc.MojoCrash)
    assert "my cell:6:14: dead" in str(result.error)


def test_a_daemon_killed_between_requests_is_started_again() -> None:
    first = mc.info()["pid"]
    os.kill(first, signal.SIGKILL)
    assert mc.run(LOOP.format(count=1)).stdout == "begun\n"
    assert mc.info()["pid"] != first


def test_a_daemon_killed_while_it_compiles_is_replaced_and_the_request_repeated() -> None:
    first = mc.info()["pid"]
    killer = threading.Timer(0.5, os.kill, (first, signal.SIGKILL))
    killer.start()
    source = f"def main():\n    print({time.time_ns()})\n"
    assert mc.run(source).stdout.strip() in source
    assert mc.info()["pid"] != first


def test_a_daemon_killed_while_the_program_runs_is_an_error_and_the_next_request_works() -> None:
    first = mc.info()["pid"]
    killer = threading.Timer(1.0, os.kill, (first, signal.SIGKILL))
    source = LOOP.format(count=1_000_000_000_000)
    mc.run(source, timeout=0.001, check=False)  # compiled now: what follows only runs
    killer.start()
    with pytest.raises(mc.MojoError, match="daemon") as caught:
        mc.run(source)
    assert caught.value.code == "daemon_lost"
    assert caught.value.hint
    assert mc.run(LOOP.format(count=1)).stdout == "begun\n"


def test_ctrl_c_ends_the_program_and_keeps_its_output() -> None:
    source = 'from std.time import sleep\nprint("begun")\nsleep(60.0)\n'
    mc.compile(source)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt) as caught:
        mc.run(source)
    assert time.monotonic() - began < 20
    assert caught.value.result.stdout == "begun\n"  # type: ignore[attr-defined]
    timer.join()


def test_compile_lists_functions_and_runs_nothing() -> None:
    module = mc.compile("def twice(n: Int) -> Int:\n    return 2 * n\n")
    assert module.functions == {"twice": "def twice(n: Int) -> Int"}
    assert module.result is None


def test_modernize_off_leaves_older_mojo_an_error_with_its_fixit() -> None:
    with pytest.raises(mc.MojoCompileError) as caught:
        mc.run("fn main():\n    pass\n", modernize=False)
    assert any(d.line == 1 for d in caught.value.diagnostics)
    assert any(d.fixits for d in caught.value.diagnostics)


def test_threads_share_the_client() -> None:
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(mc.run("print(1)"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.stdout for result in results] == ["1\n"] * 8


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_can_run_programs_too() -> None:
    mc.run("print(1)")
    child = os.fork()
    if child == 0:
        os._exit(0 if mc.run("print(1)").stdout == "1\n" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert mc.run("print(1)").stdout == "1\n"


def command(*words: str, **keywords: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mojocell", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **keywords,
    )


def test_the_command_runs_a_program_from_its_input() -> None:
    done = command("run", "-", input="print(1)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


@pytest.mark.parametrize(
    ("symbol", "hint"),
    [
        ("AsyncRT_nothing", "pip install max: nothing else defines it"),
        ("mc_nothing", "open the library that has it with OwnedDLHandle of std.ffi"),
    ],
)
def test_a_function_that_no_library_has_is_named(symbol: str, hint: str) -> None:
    source = f'from std.ffi import external_call\nprint(external_call["{symbol}", Int]())\n'
    with pytest.raises(mc.MojoError) as caught:
        mc.run(source)
    assert caught.value.code == "runner_failed"
    assert caught.value.message == (
        f"the code calls '{symbol}', and no library of the system or the compiler has it"
    )
    assert caught.value.hint == hint
    module = mc.compile(
        f'from std.ffi import external_call\ndef f() -> Int:\n    return external_call["{symbol}", Int]()\n'
    )
    assert module.f.mode == "isolated"
    with pytest.raises(mc.MojoError, match=f"the code calls '{symbol}'"):
        module.f()


def test_doctor_finds_nothing_wrong() -> None:
    done = command("doctor")
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout
    assert "ok    program: compiles and runs" in done.stdout


def test_info_is_json_with_the_toolchain() -> None:
    import json

    facts = json.loads(command("info", "--json").stdout)
    assert facts["mojocell"] == facts["version"] == mc.__version__
    assert facts["toolchain"]["version"].startswith("1.")


def test_what_python_knows_of_errors_is_what_the_runtime_can_say() -> None:
    from mojocell import _bridge, errors

    assert set(errors.BY_CODE) <= set(_bridge.ERROR_CODES)
    assert mc.__version__ == _bridge.VERSION
