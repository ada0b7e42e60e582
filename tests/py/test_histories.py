"""Any history of a notebook's cells is as a fresh kernel that runs the living ones in order, from the magic to what runs.

On the fake compiler a program prints what each module of its graph says of itself; on the real one it computes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mojocell as mc

FAKE_TOOLCHAIN = Path(
    os.environ.get("MOJOCELL_FAKE_TOOLCHAIN")
    or Path(__file__).resolve().parents[2] / "build" / "sanitize" / "fake" / "modular"
)

#: Functions and a struct; in a cell each of them may use all others.
NAMES = ("a", "b", "c", "S")
CELLS = ("one", "two", "three", "four")


def used(name: str) -> str:
    return f"{name}(1).get()" if name == "S" else f"{name}()"


def written(name: str, number: int, others: tuple[str, ...]) -> str:
    """A cell that defines a name; what it is prints itself on the fake compiler."""
    value = " + ".join([str(number), *(used(other) for other in others if other != name)])
    said = f'    """\n# run: print {name}.{number}\n    """\n'
    if name != "S":
        return f"def {name}() -> Int:\n{said}    return {value}\n"
    body = said.replace("    ", "        ")
    head = "@fieldwise_init\nstruct S(Copyable):\n    var x: Int\n\n    def get(self) -> Int:\n"
    return f"{head}{body}        return self.x + {value}\n"


BROKEN = 'def broken() -> Int:\n    """\n# compile: error no\n    """\n    return nowhere\n'


OTHERS = st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(tuple)


def steps(choose: Callable[[str], Any], others: Any = OTHERS) -> Any:
    """Histories in which a cell defines one of the names that `choose` gives, with others that it uses."""
    runs = st.sampled_from(CELLS).flatmap(
        lambda cell: st.tuples(st.just("run"), st.just(cell), choose(cell), st.integers(0, 2), others)
    )
    rest = st.tuples(st.sampled_from(["fail", "delete"]), st.sampled_from(CELLS))
    return st.lists(
        st.one_of(runs, runs, runs, rest, st.tuples(st.just("restart"), st.just(""))), max_size=12
    )


class Notebook:
    """The cells of a notebook, run by the magic as a front end has it."""

    def __init__(self, shell: Any, options: str) -> None:
        self.shell, self.options = shell, options
        self.restart()

    def restart(self) -> None:
        self.shell.reset(new_session=False)
        self.shell.run_line_magic("reload_ext", "mojocell")
        self.living: dict[str, str] = {}

    def run(self, cell: str, source: str) -> str | None:
        """Run a cell; return what it printed, None where it failed."""
        result = self.shell.run_cell(f"%%mojo -n {cell} --result made {self.options}\n{source}")
        return self.shell.user_ns["made"].stdout if result.success else None

    def step(self, kind: str, cell: str, *what: Any) -> None:
        if kind == "restart":
            self.restart()
        elif kind == "delete":
            self.living.pop(cell, None)
            self.shell.magics_manager.registry["Mojocell"]._session.forget([cell])
        else:
            self.living.pop(cell, None)
            source = written(*what) if kind == "run" else BROKEN
            if self.run(cell, source) is not None:
                self.living[cell] = source

    def called(self) -> dict[str, object]:
        """What Python's names of the living cells give; None where that is nothing."""
        found: dict[str, object] = {}
        for name in NAMES:
            function = self.shell.user_ns.get(name)
            try:
                found[name] = function() if callable(function) else None
            except mc.MojoError:
                found[name] = None
        return found

    def seen(self) -> dict[str, list[str] | None]:
        """What programs see that use each of the names, and all of them."""
        probes = {name: f"print({used(name)})" for name in NAMES}
        probes["all"] = f"print({', '.join(used(name) for name in NAMES)})"
        printed = {name: self.run("probe", probe) for name, probe in probes.items()}
        return {name: None if text is None else sorted(text.splitlines()) for name, text in printed.items()}


def compare(shell: Any, history: list[Any], options: str = "--quiet") -> tuple[Notebook, Notebook]:
    """Run a history, then what lives of it in a fresh kernel: both see the same."""
    notebook = Notebook(shell, options)
    for step in history:
        notebook.step(*step)
    seen, called = notebook.seen(), notebook.called()
    fresh = Notebook(shell, options)
    for cell, source in notebook.living.items():
        fresh.run(cell, source)
    assert fresh.seen() == seen
    own = fresh.called()
    assert {name: called[name] for name in own if own[name] is not None} == {
        name: value for name, value in own.items() if value is not None
    }
    return notebook, fresh


def shell_of(patch: pytest.MonkeyPatch, directory: Path) -> Any:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    patch.setenv("IPYTHONDIR", str(directory / "ipython"))
    patch.chdir(directory)
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    patch.setattr(InteractiveShell, "_instance", shell)
    shell.run_line_magic("load_ext", "mojocell")
    shell.showtraceback = lambda *_, **__: None
    return shell


@pytest.fixture(scope="module")
def fake(service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A shell whose compiler costs nothing."""
    place = tmp_path_factory.mktemp("histories")
    shutil.copytree(FAKE_TOOLCHAIN, place / "modular", symlinks=True)
    shutil.copy(place / "modular/bin/quick", place / "modular/bin/mojo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOJOCELL_TOOLCHAIN", str(place / "modular"))
        yield shell_of(patch, place)


@pytest.fixture(scope="module")
def real(service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        yield shell_of(patch, tmp_path_factory.mktemp("histories"))


# A cell may take another name with each run; two cells may define one.
ANY = steps(lambda _cell: st.sampled_from(NAMES))
OWN = steps(lambda cell: st.just(NAMES[CELLS.index(cell)]))
# That a cell does not compile any more, as what it uses is gone, is known when it runs again, and so here late: where
# two cells define one name they use nothing.
SHARED = steps(lambda _cell: st.sampled_from(NAMES), st.just(()))


@settings(max_examples=40)
@given(history=ANY)
def test_programs_of_any_history_are_those_of_a_fresh_kernel(fake: Any, history: list[Any]) -> None:
    compare(fake, history, "--quiet --no-bind")


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=3000)
@given(history=ANY)
def test_programs_of_thousands_of_histories_are_those_of_a_fresh_kernel(
    fake: Any, history: list[Any]
) -> None:
    compare(fake, history, "--quiet --no-bind")


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=36)
@given(history=OWN)
def test_programs_and_functions_of_dozens_of_histories_compute_the_same(
    real: Any, history: list[Any]
) -> None:
    compare(real, history)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=24)
@given(history=SHARED)
def test_python_has_the_function_of_the_cell_that_counts(real: Any, history: list[Any]) -> None:
    compare(real, history)


def test_a_diamond_with_a_struct_is_compiled_from_what_lives(fake: Any) -> None:
    history = [
        ("run", "one", "S", 1, ()),
        ("run", "two", "a", 1, ("S",)),
        ("run", "three", "b", 1, ("S",)),
        ("run", "four", "c", 1, ("a", "b")),
        ("run", "one", "S", 2, ()),
        ("fail", "two"),
        ("run", "two", "a", 2, ("S", "b")),
    ]
    notebook, _ = compare(fake, history, "--quiet --no-bind")
    notebook = Notebook(fake, "--quiet --no-bind")
    for step in history:
        notebook.step(*step)
    assert notebook.seen()["c"] == ["S.2", "a.2", "b.1", "c.1"]
    notebook.step("delete", "three")
    assert notebook.seen()["c"] == ["S.2", "a.2", "c.1"]
