"""Which names a cell's functions are bound to in an IPython, and when they are taken back; the real compiler."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import mojocell as mc

pytestmark = pytest.mark.usefixtures("service")

TWICE = "def twice(n: Int) -> Int:\n    return 2 * n\n"
BROKEN = "def twice(n: Int) -> Int:\n    return 3 * m\n"
THRICE = "def twice(n: Int) -> Int:\n    return 3 * n\n"


class Shell:
    """An IPython whose cells have identities, as a notebook's have."""

    def __init__(self, ip: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.ip, self.capsys = ip, capsys
        self.names: dict[str, Any] = ip.user_ns

    def run(self, cell: str, cell_id: str | None = None) -> str:
        """Run a cell that must succeed; return what it printed."""
        self.capsys.readouterr()
        result = self.ip.run_cell(cell, store_history=False, cell_id=cell_id)
        result.raise_error()
        return self.capsys.readouterr().out

    def fails(self, cell: str, cell_id: str | None = None) -> BaseException:
        result = self.ip.run_cell(cell, store_history=False, cell_id=cell_id)
        self.capsys.readouterr()
        assert result.error_in_exec is not None
        return result.error_in_exec


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """An IPython with the extension loaded."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    ip = InteractiveShell(config=config)
    monkeypatch.setattr(InteractiveShell, "_instance", ip)
    ip.run_line_magic("load_ext", "mojocell")
    yield Shell(ip, capsys)
    InteractiveShell._instance = None


def test_definitions_are_bound_and_listed(shell: Shell) -> None:
    text = shell.run("%%mojo\n" + TWICE + "def _own() -> Int: return 1\nstruct S: pass\ndef no(s: S): pass\n")
    lines = text.split("\n")
    assert lines[0] == "bound twice; skipped no"
    assert lines[1] == "  def twice(n: Int) -> Int"
    assert lines[2].startswith("  skipped no: the argument 's' is a S")
    assert shell.run("print(twice(21))") == "42\n"
    assert "_own" not in shell.names
    assert "no" not in shell.names
    assert shell.names["twice"].__module__ == "__main__"


def test_functions_of_programs_and_statements_are_bound_and_main_is_not(shell: Shell) -> None:
    assert shell.run("%%mojo\n" + TWICE + "def main():\n    print(twice(4))") == "8\n"
    assert shell.run("print(twice(5))") == "10\n"
    assert "main" not in shell.names
    assert shell.run("%%mojo\n" + THRICE + "print(twice(4))") == "12\n"
    assert shell.run("print(twice(5))") == "15\n"


def test_a_program_that_fails_binds_its_functions_all_the_same(shell: Shell) -> None:
    error = shell.fails("%%mojo\n" + TWICE + "def main() raises:\n    raise Error('no')")
    assert isinstance(error, mc.MojoRuntimeError)
    assert shell.run("print(twice(5))") == "10\n"


def test_running_a_cell_again_binds_again(shell: Shell) -> None:
    shell.run("%%mojo\n" + TWICE, "a")
    first = shell.names["twice"]
    assert "warning" not in shell.run("%%mojo\n" + THRICE, "a")
    assert shell.run("print(twice(5))") == "15\n"
    assert first(5) == 10


def test_one_object_for_all(shell: Shell) -> None:
    text = shell.run("%%mojo --as m\n" + TWICE)
    assert text.startswith("bound m with twice\n")
    assert "twice" not in shell.names
    assert shell.run("print(m.twice(4), m)") == "8 <MojoModule: twice>\n"


def test_nothing_is_bound_where_that_is_asked(shell: Shell) -> None:
    text = shell.run("%%mojo --no-bind\n" + TWICE)
    assert text.startswith("compiled 1 function\n")
    assert "twice" not in shell.names


def test_exports_limit_what_is_bound(shell: Shell) -> None:
    text = shell.run("%%mojo --exports b\ndef a() -> Int: return 1\ndef b() -> Int: return a() + 1")
    assert text.startswith("bound b\n")
    assert "a" not in shell.names


def test_a_function_that_replaces_something_else_warns_once(shell: Shell) -> None:
    shell.run("twice = [1]")
    cell = "%%mojo\n" + TWICE + "def sum(n: Int) -> Int:\n    return n\n"
    text = shell.run(cell)
    assert "warning: `twice` was a Python variable (list) and is a Mojo function now" in text
    assert "warning: `sum` hides Python's own until `del sum`" in text
    assert "warning" not in shell.run(cell)
    shell.run("twice = 'again'")
    assert "warning" not in shell.run(cell)
    assert shell.run("del sum\nprint(sum([1, 2]))") == "3\n"


def test_quiet_says_nothing(shell: Shell) -> None:
    shell.run("twice = [1]")
    assert shell.run("%%mojo --quiet\n" + TWICE) == ""
    assert shell.names["twice"](2) == 4


def test_after_a_failed_compile_the_cells_functions_are_stale(shell: Shell) -> None:
    shell.run("%%mojo\n" + TWICE, "a")
    shell.run("%%mojo\ndef other() -> Int: return 1", "b")
    alias = shell.names["twice"]
    assert isinstance(shell.fails("%%mojo\n" + BROKEN, "a"), mc.MojoCompileError)
    error = shell.fails("twice(2)")
    assert isinstance(error, mc.MojoError)
    assert error.code == "stale"
    assert error.message == ("twice is stale: the cell that defines it did not compile; fix and run it")
    with pytest.raises(mc.MojoError, match="is stale"):
        alias(2)
    assert shell.run("print(other())") == "1\n"
    shell.run("%%mojo\n" + TWICE, "a")
    assert shell.run("print(twice(2))") == "4\n"


def test_a_broken_cell_takes_nothing_from_another(shell: Shell) -> None:
    shell.run("%%mojo\n" + TWICE, "a")
    shell.fails("%%mojo\n" + BROKEN, "b")
    assert shell.run("print(twice(2))") == "4\n"


def test_a_definition_that_vanished_from_its_cell_is_stale(shell: Shell) -> None:
    shell.run("%%mojo\n" + TWICE + "def other() -> Int: return 1", "a")
    shell.run("%%mojo\n" + TWICE, "a")
    assert str(shell.fails("other()")) == ("other is stale: the cell that defined it does not any more")
    shell.run("%%mojo --no-bind\n" + TWICE, "a")
    assert str(shell.fails("twice(1)")) == (
        "twice is stale: the cell that defined it does not bind it any more"
    )


def test_a_module_is_stale_too(shell: Shell) -> None:
    shell.run("%%mojo --as m\n" + TWICE, "a")
    shell.fails("%%mojo --as m\n" + BROKEN, "a")
    assert "stale" in str(shell.fails("m.twice(1)"))


def test_without_identities_a_broken_cell_takes_the_names_it_defines(shell: Shell) -> None:
    shell.run("%%mojo\n" + TWICE)
    shell.run("%%mojo\ndef other() -> Int: return 1")
    shell.fails("%%mojo\n" + BROKEN)
    assert "stale" in str(shell.fails("twice(1)"))
    assert shell.run("print(other())") == "1\n"


def test_deleting_and_resetting_leave_nothing_behind(shell: Shell) -> None:
    shell.run("%%mojo\n" + TWICE, "a")
    shell.run("del twice")
    assert isinstance(shell.fails("twice(1)"), NameError)
    shell.fails("%%mojo\n" + BROKEN, "a")
    assert "twice" not in shell.names
    shell.run("%%mojo\n" + TWICE, "a")
    shell.run("%reset -f")
    assert "twice" not in shell.names
    assert "warning" not in shell.run("%%mojo\n" + TWICE, "a")
    assert shell.run("print(twice(3))") == "6\n"


def test_a_bound_function_shows_its_source_and_documentation(shell: Shell) -> None:
    shell.run('%%mojo\n\ndef f(n: Int = 3) -> Int:\n    """Say n."""\n    return n')
    info = shell.ip.object_inspect("f", detail_level=1)
    assert info["source"].rstrip() == 'def f(n: Int = 3) -> Int:\n    """Say n."""\n    return n'
    info = shell.ip.object_inspect("f")
    assert info["docstring"] == "Say n."
    assert info["definition"] == "f(n: int = 3) -> int"
    assert shell.names["f"].__code__.co_firstlineno == 3


def test_a_crash_points_at_the_line_of_the_cell(shell: Shell) -> None:
    shell.run("%%mojo\n\ndef at(n: Int) -> Int:\n    var v = List[Int]()\n    return v[n]")
    error = shell.fails("at(3)")
    assert isinstance(error, mc.MojoCrash)
    assert error.line == 5
    assert "cell:5:" in str(error)


def test_a_bound_function_is_pickled_with_its_source(shell: Shell) -> None:
    shell.run("%%mojo\n" + TWICE, "a")
    assert pickle.loads(pickle.dumps(shell.names["twice"]))(3) == 6


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--mode fast", "invalid choice: 'fast'"),
        ("--as 3x", "argument --as: invalid Python name value: '3x'"),
        ("--exports a,,b", "argument --exports: invalid list of names"),
        ("--no-bin", "did you mean --no-bind?"),
    ],
)
def test_options_that_cannot_be_used_are_a_usage_error(shell: Shell, line: str, says: str) -> None:
    assert says in str(shell.fails(f"%%mojo {line}\n{TWICE}"))


def test_a_call_mode_without_functions_is_remarked(shell: Shell) -> None:
    text = shell.run("%%mojo --mode inline\nprint(1)")
    assert "--mode inline is for functions, and this cell has none to call" in text


def test_code_that_cannot_be_guarded_runs_isolated_and_says_so_once(shell: Shell) -> None:
    text = shell.run(
        "%%mojo\nfrom std.ffi import external_call\n"
        'def stop(n: Int32):\n    external_call["exit", NoneType](n)'
    )
    assert "warning: its functions run isolated: " in text
    assert shell.names["stop"].mode == "isolated"
