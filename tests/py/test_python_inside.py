"""Python inside Mojo is the caller's: two environments, one daemon, another ``python3`` first on PATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import mojocell
from kernels import kernel
from mojocell.call.failure import failure
from mojocell.core import python_inside, surroundings
from scripted import FakeBridge

PROGRAM = """
from std.python import Python
from std.sys import argv

def main() raises:
    var found = Python.import_module(String(argv()[1]))
    print(found.NAME, Python.import_module("sys").executable)
"""

#: The same of a cell, which has no arguments.
CELL = PROGRAM.replace("String(argv()[1])", '"fruit"')

FUNCTIONS = """
from std.python import Python

def name_of(module: String) raises -> String:
    return String(Python.import_module(module).NAME)
"""

TEMPLATE = '''
import mojocell as mc

@mc.mojo
def add(n: int) -> int:
    """
    from std.python import Python

    def main() raises:
        print(Python.import_module("fruit").NUMBER + {{n}})
    """

print(add(10), add(20))
'''

VARIABLES = """
from std.python import Python

var name = String(Python.import_module(module).NAME)
"""


class Environment(NamedTuple):
    """A Python environment, and what a process has that was started by the path of its Python."""

    python: str
    site: Path
    env: dict[str, str]

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run its Python with these arguments and variables."""
        return subprocess.run(
            [self.python, *words],
            env={**self.env, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def script(self, text: str, **more: str) -> str:
        """Run a script, which must succeed, and return what it prints."""
        names = {"PROGRAM": PROGRAM, "FUNCTIONS": FUNCTIONS, "VARIABLES": VARIABLES}
        head = "import os, sys\nimport mojocell as mc\n" + "".join(f"{n} = {v!r}\n" for n, v in names.items())
        done = self.run("-c", head + textwrap.dedent(text), **more)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def decoy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a ``python3`` that leaves a mark and fails."""
    place = tmp_path_factory.mktemp("decoy")
    program = place / "python3"
    program.write_text('#!/bin/sh\n: >"$0.called"\nexit 1\n')
    program.chmod(0o755)
    return place


def called(decoy: Path) -> bool:
    """Tell whether the decoy has run since this was asked last."""
    mark = decoy / "python3.called"
    found = mark.exists()
    mark.unlink(missing_ok=True)
    return found


def make(place: Path, decoy: Path, service: Path, name: str, number: int) -> Environment:
    """Make an environment that has the tests' packages, and a module of its own."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--symlinks", place], check=True, capture_output=True
    )
    (site,) = place.glob("lib/python*/site-packages")
    shared = {sysconfig.get_path("purelib"), str(Path(mojocell.__file__).resolve().parents[1])}
    (site / "shared.pth").write_text("\n".join(sorted(shared)) + "\n")
    (site / "fruit.py").write_text(f"NAME = {name!r}\nNUMBER = {number}\n")
    env = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "MOJO_PYTHON")}
    env["PATH"] = os.pathsep.join([str(decoy), os.environ["PATH"]])
    assert env["MOJOCELL_RUNTIME_DIR"] == str(service / "run")
    return Environment(str(place / "bin" / "python"), site, env)


@pytest.fixture(scope="module")
def a(service: Path, decoy: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with a module that the other one lacks."""
    made = make(tmp_path_factory.mktemp("a"), decoy, service, "apple", 1)
    (made.site / "only_here.py").write_text("NAME = 'seed'\n")
    return made


@pytest.fixture(scope="module")
def b(service: Path, decoy: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment of the same packages in other versions."""
    return make(tmp_path_factory.mktemp("b"), decoy, service, "banana", 2)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program in a file."""
    path = tmp_path_factory.mktemp("file") / "program.mojo"
    path.write_text(PROGRAM)
    return str(path)


@pytest.fixture(autouse=True)
def decoy_is_left_alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody has asked the first ``python3`` on PATH."""
    yield
    if {"a", "b", "decoy"} & set(request.fixturenames):
        assert not called(request.getfixturevalue("decoy"))


# --- where Mojo runs --------------------------------------------------------------------------


def test_a_program_has_the_python_of_who_runs_it(a: Environment, b: Environment) -> None:
    """Cached and compiled anew, of one artifact, from processes that one daemon and runner serve."""
    text = """
    for mode in ("cached", "run", "cached"):
        result = mc.run(PROGRAM, args=["fruit"], mode=mode)
        print(result.stdout.strip(), result.key)
    """
    of_a, of_b = a.script(text).split(), b.script(text).split()
    assert of_a == ["apple", a.python, of_a[2]] * 3
    assert of_b == ["banana", b.python, of_a[2]] * 3


def test_functions_have_the_python_of_who_calls_them(a: Environment, b: Environment, tmp_path: Path) -> None:
    """In workers, asked for or because Python's library is loaded; and after a pickle elsewhere."""
    pickled = str(tmp_path / "function")
    text = f"""
    import pickle
    for mode in ("inline", "isolated"):
        m = mc.compile(FUNCTIONS, mode=mode)
        print(m.name_of("fruit"), m.name_of.mode)
    if not os.path.exists({pickled!r}):
        pickle.dump(m.name_of, open({pickled!r}, "wb"))
    print(pickle.load(open({pickled!r}, "rb"))("fruit"))
    """
    assert a.script(text).split("\n")[:3] == ["apple isolated", "apple isolated", "apple"]
    assert b.script(text).split("\n")[:3] == ["banana isolated", "banana isolated", "banana"]


def test_cells_with_values_have_the_python_of_who_runs_them(
    a: Environment, b: Environment, tmp_path: Path
) -> None:
    template = tmp_path / "template.py"
    template.write_text(TEMPLATE)
    text = "print(mc.cell(VARIABLES, inputs={'module': 'fruit'}, outputs=['name']).name)"
    assert (a.run(str(template)).stdout, a.script(text)) == ("11 21\n", "apple\n")
    assert (b.run(str(template)).stdout, b.script(text)) == ("12 22\n", "banana\n")


def test_the_command_has_the_python_that_runs_it(a: Environment, b: Environment, file: str) -> None:
    for each, name in ((a, "apple"), (b, "banana")):
        done = each.run("-m", "mojocell", "run", file, "--", "fruit")
        assert (done.stdout, done.returncode) == (f"{name} {each.python}\n", 0), done.stderr


def test_a_kernel_started_by_its_path_has_its_python(a: Environment, b: Environment, tmp_path: Path) -> None:
    for each, name in ((a, "apple"), (b, "banana")):
        place = tmp_path / name
        place.mkdir()
        with kernel(place, python=each.python, env=each.env) as started:
            assert started.run("%load_ext mojocell").status == "ok"
            done = started.run(f"%%mojo{CELL}")
            assert done.stream() == f"{name} {each.python}\n", done.error
            assert started.run(f"%%mojo\n{FUNCTIONS}").status == "ok"
            assert started.run("print(name_of('fruit'))").stream() == f"{name}\n"
            started.run("module = 'fruit'")
            done = started.run(f"%%mojo -i module -o name\n{VARIABLES}")
            assert started.run("print(name)").stream() == f"{name}\n", done.error
            lacking = started.run("name_of('no_such_module')")
            assert f"hint: the Python inside Mojo is {each.python}" in lacking.error


def test_an_app_of_marimo_has_its_python(a: Environment, b: Environment, tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    cell = f"    import mojocell as mc\n    print(mc.compile({FUNCTIONS!r}).name_of('fruit'))\n    return\n"
    app.write_text(
        f"import marimo\napp = marimo.App()\n@app.cell\ndef _():\n{cell}\nif __name__ == '__main__':\n    app.run()\n"
    )
    assert a.run(str(app)).stdout == "apple\n"
    assert b.run(str(app)).stdout == "banana\n"


# --- who chooses ------------------------------------------------------------------------------


def test_a_users_own_choice_wins(a: Environment, b: Environment) -> None:
    """In the process's environment, or in the one that is given for a program."""
    text = "print(mc.run(PROGRAM, args=['fruit']).stdout)"
    assert a.script(text, MOJO_PYTHON=b.python).split() == ["banana", b.python]
    text = f"""
    def fruit(env):
        return mc.run(PROGRAM, args=["fruit"], env=env).stdout.split()[0]
    print(fruit({{**os.environ, "MOJO_PYTHON": {b.python!r}}}), fruit({{"PATH": os.environ["PATH"]}}), fruit({{}}))
    """
    assert a.script(text) == "banana apple apple\n"


def test_an_empty_choice_is_mojos_own_rule(a: Environment, decoy: Path) -> None:
    """The first ``python3`` on PATH, which is of no use here."""
    done = a.script(
        "error = mc.run(PROGRAM, args=['fruit'], check=False).error\nprint(type(error).__name__, error.hint)",
        MOJO_PYTHON="",
    )
    name, _, hint = done.partition(" ")
    assert name == "MojoCrash"
    assert hint.startswith(f"{decoy}/python3 has no shared library")
    assert called(decoy)


@pytest.mark.parametrize(
    ("executable", "given"),
    [
        ("/env/bin/python3.11", {"MOJO_PYTHON": "/env/bin/python3.11"}),
        ("", {}),
        (None, {}),
        ("python3", {}),
        ("/usr/bin/uwsgi", {}),
    ],
)
def test_a_process_names_its_interpreter_where_it_is_one(
    monkeypatch: pytest.MonkeyPatch, executable: str | None, given: dict[str, str]
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert surroundings.environment({"HOME": "/h"}) == {"HOME": "/h", **given}


def test_an_application_that_holds_its_python_inside_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/app/python-app")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert surroundings.environment({}) == {}


@pytest.mark.parametrize(
    "own", [{"MOJO_PYTHON": "/b"}, {"MOJO_PYTHON": ""}, {"MOJO_PYTHON_LIBRARY": "/l.so"}]
)
def test_nothing_is_added_to_a_choice(own: dict[str, str]) -> None:
    assert surroundings.environment(own) == own


def test_every_request_names_it_and_the_process_keeps_its_environment(bridge: FakeBridge) -> None:
    bridge.answers["info"] = [{"toolchain": {}}]
    before = dict(os.environ)
    mojocell.run("print(1)")
    mojocell.info()
    assert [request["env"]["MOJO_PYTHON"] for request in bridge.requests[-2:]] == [sys.executable] * 2
    assert dict(os.environ) == before


def test_a_path_that_a_shell_would_take_apart(service: Path, decoy: Path, tmp_path: Path) -> None:
    """Mojo asks an interpreter for its library through a shell, and does not quote its path."""
    odd = make(tmp_path / "it's (an) environment", decoy, service, "odd one", 1)
    assert (
        odd.script("print(mc.run(PROGRAM, args=['fruit']).stdout)").split("\n")[0] == f"odd one {odd.python}"
    )


# --- what it says -----------------------------------------------------------------------------


def test_a_missing_module_names_the_interpreter_and_the_remedy(
    a: Environment, b: Environment, file: str
) -> None:
    hint = f"the Python inside Mojo is {b.python}: {b.python} -m pip install only_here"
    text = """
    def told(work):
        try:
            return work()
        except mc.MojoRuntimeError as error:
            return f"{error.message} | {error.hint}"
    print(told(lambda: mc.run(PROGRAM, args=["only_here"]).stdout.split()[0]))
    print(told(lambda: mc.compile(FUNCTIONS).name_of("only_here")))
    print(told(lambda: mc.cell(VARIABLES, inputs={"module": "only_here"}, outputs=["name"]).name))
    """
    assert a.script(text) == "seed\n" * 3
    assert b.script(text) == f"No module named 'only_here' | {hint}\n" * 3
    done = b.run("-m", "mojocell", "run", "--quiet", file, "--", "only_here")
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr == (
        f"Unhandled exception caught during execution: No module named 'only_here'\nmojocell: hint: {hint}\n"
    )


def test_what_only_this_process_finds_is_said_to_be_so(a: Environment, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("NAME = 'own'\n")
    done = a.script(
        f"""
        sys.path.append({str(tmp_path)!r})
        m = mc.compile(FUNCTIONS)
        try:
            m.name_of("helper")
        except mc.MojoRuntimeError as error:
            print(error.hint)
        os.environ["PYTHONPATH"] = {str(tmp_path)!r}
        print(mc.compile(FUNCTIONS).name_of("helper"))
        """
    )
    hint, _, name = done.partition("\n")
    assert hint == (
        "this process finds it through its own sys.path, the Python inside Mojo looks where PYTHONPATH says: "
        f"os.environ['PYTHONPATH'] = '{tmp_path}', then run the cell again"
    )
    assert name == "own\n"


@pytest.mark.parametrize(
    ("message", "env", "hint"),
    [
        ("No module named 'x'", {"MOJO_PYTHON": "/e/python"}, "/e/python: /e/python -m pip install x"),
        (
            "No module named 'x'",
            {"MOJO_PYTHON": "/e e/python"},
            "/e e/python: '/e e/python' -m pip install x",
        ),
        ("No module named 'numpy.no'", {"MOJO_PYTHON": "/e/python"}, "the Python inside Mojo is /e/python"),
        ("No module named 'tkinter'", {"MOJO_PYTHON": "/e/python"}, "the Python inside Mojo is /e/python"),
        ("symbol not found: PyRun_SimpleString", {"MOJO_PYTHON": "/bin/sh"}, "/bin/sh has no shared library"),
        ("Failed to load libpython from : ", {"MOJO_PYTHON": "/no/python"}, "MOJO_PYTHON names /no/python"),
        ("Failed to load libpython from : ", {"MOJO_PYTHON": "", "PATH": ""}, "there is no python3 on PATH"),
        ("Failed to load libpython from /l: ", {"MOJO_PYTHON_LIBRARY": "/l"}, "MOJO_PYTHON_LIBRARY names /l"),
    ],
)
def test_each_failure_of_python_inside_mojo_has_a_remedy(
    message: str, env: dict[str, str], hint: str
) -> None:
    assert hint in (python_inside.hint(message, env) or "")


def test_other_failures_have_no_such_hint() -> None:
    assert python_inside.hint("there is No module named 'x'", {}) is None
    assert python_inside.hint("symbol not found: cblas_dgemm", {}) is None


def test_an_environment_without_pip_is_filled_by_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_inside, "_finds", lambda _name: None)
    monkeypatch.setattr(sys, "executable", "/e/python")
    assert python_inside.hint("No module named 'x'", {}) == (
        "the Python inside Mojo is /e/python: uv pip install --python /e/python x"
    )


@pytest.mark.parametrize("python", ["/bin/sh", "/no/such/python"])
def test_a_python_that_cannot_be_loaded_is_explained(a: Environment, python: str) -> None:
    """A crash, but one that says what to do: of a program and of a function."""
    done = a.script(
        """
        error = mc.run(PROGRAM, args=['fruit'], check=False).error
        print(type(error).__name__, error.hint)
        try:
            mc.compile(FUNCTIONS).name_of("fruit")
        except mc.MojoCrash as error:
            print(type(error).__name__, error.hint)
        """,
        MOJO_PYTHON=python,
    )
    program, function = done.splitlines()
    assert program == function
    assert program.startswith("MojoCrash ") and python in program


def test_the_hint_is_about_the_python_that_the_worker_has(a: Environment) -> None:
    done = a.script(
        """
        names = mc.compile(FUNCTIONS)
        for choice in ("/no/such/python", sys.executable):
            os.environ["MOJO_PYTHON"] = choice
            try:
                names.name_of("fruit")
            except mc.MojoCrash as error:
                print(error.hint)
        """,
        MOJO_PYTHON="/no/such/python",
    )
    first, second = done.splitlines()
    assert first == second
    assert "MOJO_PYTHON names /no/such/python" in first and "run the cell again" in first


def test_a_crash_of_a_function_that_says_so_is_explained(service: Path) -> None:
    words = "ABORT: Mojo/stdlib/std/ffi/__init__.mojo:777:18: symbol not found: PyRun_SimpleString"
    unit = mojocell.compile(FUNCTIONS, mode="isolated").__mojo__
    error = failure(unit, "name_of", "crashed", {"message": words, "signal": 4})
    assert isinstance(error, mojocell.MojoCrash)
    assert error.hint == python_inside.hint("symbol not found: PyRun_SimpleString")
    assert f"{sys.executable} has no shared library" in str(error.hint)


def test_the_doctor_tells_which_python_it_is(a: Environment, b: Environment) -> None:
    for each in (a, b):
        done = each.run("-m", "mojocell", "doctor")
        (line,) = (line for line in done.stdout.splitlines() if "interop" in line)
        assert line.startswith(f"ok    interop: {sys.version.split()[0]} of {each.python}, "), line
    done = a.run("-m", "mojocell", "doctor", MOJO_PYTHON="/no/such/python")
    (line,) = (line for line in done.stdout.splitlines() if "interop" in line)
    assert line.startswith("FAIL  interop: ") and "MOJO_PYTHON names /no/such/python" in line
    assert done.returncode == 1


# --- without this package ---------------------------------------------------------------------


def test_a_client_without_python_chooses_by_its_environment(a: Environment, b: Environment) -> None:
    """The example of the documentation, over plain ZeroMQ: a user's own choice, else its own Python."""
    example = Path(__file__).resolve().parents[2] / "docs" / "examples" / "headless.py"
    text = example.read_text().replace("SOURCE = ", f"SOURCE = {CELL!r} or ")
    assert f"apple {a.python}\n" in a.run("-c", text).stdout
    assert f"banana {b.python}\n" in a.run("-c", text, MOJO_PYTHON=b.python).stdout


def test_what_the_loader_reads_is_the_callers_too(a: Environment, tmp_path: Path) -> None:
    """The runner has the environment of whoever came first: nobody else's program must have it."""
    own = {"MOJOCELL_RUNTIME_DIR": str(tmp_path / "run"), "LD_LIBRARY_PATH": "/somewhere"}
    text = """
    import json
    shown = mc.run(PROGRAM, args=["fruit"])
    print(json.dumps([shown.process, shown.process_reason]))
    """
    first = a.script(text, **own)
    own["LD_LIBRARY_PATH"] = ""
    second = a.script(text, **own)
    a.script("from mojocell.core import client\nclient.request({'op': 'shutdown', 'now': True})", **own)
    assert json.loads(first) == ["forked", None]
    assert json.loads(second) == ["executed", "LD_LIBRARY_PATH is set for the daemon alone"]
