"""The magics in an IPython without a kernel, over a scripted bridge."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojocell import options
from scripted import FakeBridge


def failure(shell: Any, cell: str) -> BaseException:
    result = shell.run_cell(cell)
    assert result.error_in_exec is not None
    return result.error_in_exec


def test_a_cell_runs_and_its_output_is_printed(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    bridge.runs(b"hello\n", err=b"careful\n")
    assert ip.run_cell("%%mojo\nprint('hello')").success
    assert capsys.readouterr() == ("hello\n", "careful\n")
    assert bridge.requests[-1]["source"] == "\nprint('hello')\n"
    assert bridge.requests[-1]["op"] == "run"


def test_options_reach_the_request(ip: Any, bridge: FakeBridge, tmp_path: Path) -> None:
    bridge.runs(b"text\n")
    ip.user_ns["given"] = "input"
    ip.run_cell(
        "%%mojo --mode run -O 1 -I lib -I 'a dir' -D N=3 -D 'S=x y' -f -n mine --timeout 2.5 --memory 99 --cpu 3 "
        "--processes 7 --most-output 2 "
        "--stdin given --result r --out text --quiet --file kept.mojo "
        "-- one 'two words' --three -O9\nprint(1)"
    )
    request = bridge.requests[-1]
    assert request["flags"] == ["-O1", "-I", "lib", "-I", "a dir", "-D", "N=3", "-D", "S=x y"]
    assert request["args"] == ["one", "two words", "--three", "-O9"]
    assert request["limits"] == {"wall": 2.5, "cpu": 3, "memory": 99, "processes": 7, "output": 2 << 20}
    assert (request["force"], request["name"]) == (True, "mine")
    assert bridge.frames[-1] == [b"input"]
    assert ip.user_ns["text"] == "text\n"
    assert ip.user_ns["r"].stdout == "text\n"
    assert (tmp_path / "kept.mojo").read_text() == "print(1)\n"


def test_directories_and_files_are_those_of_a_shell(
    ip: Any, bridge: FakeBridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MINE", "mine")
    (tmp_path / "home" / "mine").mkdir(parents=True)
    ip.run_cell("%%mojo -I ~/lib -I $HOME/more -I ${MINE}/x -I '$nothing' --file ~/$MINE/kept.mojo\nprint(1)")
    home = tmp_path / "home"
    directories = [f"{home}/lib", f"{home}/more", "mine/x", "$nothing"]
    assert bridge.requests[-1]["flags"] == [word for each in directories for word in ("-I", each)]
    kept = home / "mine" / "kept.mojo"
    assert kept.read_text() == "print(1)\n"
    ip.run_cell("%mojo_run ~/$MINE/kept.mojo")
    assert bridge.requests[-1]["name"] == str(kept)


def test_no_run_compiles_only(ip: Any, bridge: FakeBridge) -> None:
    bridge.answers["compile"] = [{"kind": "program", "cache": "miss", "times": {"compile": 2.4}}]
    assert ip.run_cell("%%mojo --no-run\nprint(1)").success
    assert bridge.requests[-1]["op"] == "compile"
    assert "args" not in bridge.requests[-1]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--tiemout 3", "there is no option --tiemout; did you mean --timeout?"),
        ("--time 3", "there is no option --time"),
        ("--timeout soon", "argument --timeout: invalid number of seconds value: 'soon'"),
        ("--timeout -1", "--timeout"),
        ("--memory 1.5", "argument --memory: invalid number of MB value: '1.5'"),
        ("-O 7", "argument -O: invalid level (0 to 3) value: '7'"),
        ("-D =3", "argument -D: invalid NAME=VALUE value: '=3'"),
        ("--mode fast", "argument --mode: invalid choice: 'fast'"),
        ("--out 3x", "argument --out: invalid Python name value: '3x'"),
        ("--stdin nothing_there", "--stdin nothing_there: there is no variable nothing_there"),
        ("--stdin number", "the variable must be a str or bytes, not int"),
        ("--file /no/such/dir/x.mojo", "--file /no/such/dir/x.mojo: No such file or directory"),
        ("'open", "no closing quotation in: 'open"),
        ("build --emit shared-lib", "'build' is a command of Modular's own %%mojo"),
        ("argument", "'argument' is not an option; arguments of the program go after --"),
    ],
)
def test_options_that_cannot_be_used_are_a_usage_error_and_nothing_runs(
    ip: Any, bridge: FakeBridge, line: str, says: str
) -> None:
    from IPython.core.error import UsageError

    ip.user_ns["number"] = 5
    error = failure(ip, f"%%mojo {line}\nprint(1)")
    assert type(error) is UsageError
    assert says in str(error)
    assert not [r for r in bridge.requests if r["op"] == "run"]


@given(st.text(max_size=60))
def test_any_line_of_options_is_read_or_refused_with_an_option_error(line: str) -> None:
    import argparse

    from IPython.core.error import UsageError

    from mojocell.magics import Mojocell

    try:
        words, args = options.split(line)
        found = options.parse(Mojocell.mojo.parser, words)
    except (options.OptionError, UsageError) as error:
        assert str(error)
        return
    assert isinstance(found, argparse.Namespace)
    assert "--" not in words
    assert isinstance(args, list)


@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=10), max_size=6))
def test_arguments_of_the_program_arrive_as_a_shell_would_pass_them(words: list[str]) -> None:
    import shlex

    assert options.split("-O1 -- " + shlex.join(words)) == (["-O1"], words)


@pytest.mark.parametrize(
    ("above", "count"),
    [("", 1), ("\n\n", 3), ("%%time\n", 2), ("%%capture\n%%time\n", 3)],
)
def test_lines_count_as_the_editor_shows_them(ip: Any, bridge: FakeBridge, above: str, count: int) -> None:
    ip.run_cell(above + "%%mojo\nprint(1)\nprint(2)\n")
    assert bridge.requests[-1]["source"] == "\n" * count + "print(1)\nprint(2)\n"


def test_a_compile_error_is_shown_without_a_python_traceback(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    d = {"kind": "error", "message": "unknown 'x'", "line": 2, "column": 7, "end_line": 2, "end_column": 8}
    bridge.runs(
        ok=False, failure={"code": "compile_failed", "message": "the cell has an error"}, diagnostics=[d]
    )
    error = failure(ip, "%%mojo\nprint(x)")
    assert type(error).__name__ == "MojoCompileError"
    shown = capsys.readouterr().out
    assert "cell:2:7: error: unknown 'x'\n  2 | print(x)\n    |       ^" in shown
    assert "Traceback" not in shown
    assert "magics.py" not in shown
    assert "called from" not in shown


def test_an_error_of_a_plain_call_names_the_users_lines_only(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    bridge.runs(ok=False, failure={"code": "raised", "message": "boom"}, returncode=1)
    failure(ip, "import mojocell as mc\ndef work():\n    mc.run('x')\nwork()")
    shown = capsys.readouterr().out
    assert "MojoRuntimeError: boom" in shown
    assert "work()" in shown
    assert "mc.run('x')" in shown
    assert "api.py" not in shown


def test_an_interrupt_keeps_the_output_and_shows_no_traceback(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_request: dict[str, Any], event: Any) -> BaseException:
        event("stdout", b"one\n")
        return KeyboardInterrupt()

    bridge.answers["run"] = [run]
    error = failure(ip, "%%mojo --out text\nwhile True: print(1)")
    assert isinstance(error, KeyboardInterrupt)
    shown = capsys.readouterr().out
    assert shown.startswith("one\n")
    assert "KeyboardInterrupt: stopped after" in shown
    assert "Traceback" not in shown
    assert ip.user_ns["text"] == "one\n"


def test_out_and_result_are_kept_even_when_the_program_fails(ip: Any, bridge: FakeBridge) -> None:
    bridge.runs(
        b"before\n", ok=False, failure={"code": "crashed", "message": "dead"}, returncode=None, signal=4
    )
    failure(ip, "%%mojo --result r --out o\nx")
    assert ip.user_ns["o"] == "before\n"
    assert ip.user_ns["r"].signal == 4


def test_a_statement_is_taken_as_it_stands(ip: Any, bridge: FakeBridge) -> None:
    ip.user_ns["x"] = 5
    ip.run_cell("%mojo print({x}, $x) # --timeout 3 -- y")
    assert bridge.requests[-1]["source"] == "print({x}, $x) # --timeout 3 -- y"
    assert "args" not in bridge.requests[-1]


def test_a_file_runs_with_its_own_directory_to_import_from(
    ip: Any, bridge: FakeBridge, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.mojo").write_bytes(b"\xef\xbb\xbfprint(1)\r\n")
    ip.run_cell("%mojo_run sub/a.mojo -O0 -- x")
    request = bridge.requests[-1]
    assert (request["source"], request["name"], request["args"]) == ("print(1)\r\n", "sub/a.mojo", ["x"])
    assert request["flags"] == ["-O0", "-I", str(tmp_path / "sub")]
    assert "No such file" in str(failure(ip, "%mojo_run nothing.mojo"))


def test_repairs_are_told_in_a_line_and_fix_puts_them_into_the_cell(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = [
        {"line": n, "message": "fn is gone", "before": f"fn {f}():", "after": f"def {f}():"}
        for n, f in ((2, "f"), (4, "main"))
    ]
    bridge.runs(
        modernized=changed,
        source="\ndef f():\n    pass\ndef main():\n    f()\n",
        toolchain={"version": "1.2.0"},
    )
    ip.run_cell("%%mojo -O1\nfn f():\n    pass\nfn main():\n    f()\n")
    assert (
        capsys.readouterr().out
        == "2 repairs for Mojo 1.2: `fn` → `def` (lines 2, 4); %mojo_fix writes the repaired cell\n"
    )
    put: list[Any] = []
    monkeypatch.setattr(ip, "set_next_input", lambda text, replace=False: put.append((text, replace)))
    ip.run_cell("%mojo_fix")
    assert put == [("%%mojo -O1\ndef f():\n    pass\ndef main():\n    f()", True)]


def test_fix_applies_the_fixits_of_a_cell_that_failed(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fix = {"line": 2, "column": 1, "end_line": 2, "end_column": 3, "text": "def"}
    d = {"kind": "error", "message": "fn is gone", "line": 2, "column": 1, "fixits": [fix]}
    bridge.runs(ok=False, failure={"code": "compile_failed", "message": "no"}, diagnostics=[d])
    failure(ip, "%%mojo\nfn main(): pass")
    assert "%mojo_fix writes the cell with the fix-its" in capsys.readouterr().out
    put: list[Any] = []
    monkeypatch.setattr(ip, "set_next_input", lambda text, replace=False: put.append(text))
    ip.run_cell("%mojo_fix")
    assert put == ["%%mojo\ndef main(): pass"]


def test_fix_without_anything_to_fix_says_so(ip: Any) -> None:
    assert "the last cell needed no repair" in str(failure(ip, "%mojo_fix"))


def test_fix_after_a_failure_without_fixits_has_no_text_of_another_cell(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    change = {"line": 2, "message": "", "before": "fn main():", "after": "def main():"}
    bridge.runs(modernized=[change], source="\ndef main():\n    pass\n")
    ip.run_cell("%%mojo\nfn main():\n    pass\n")
    d = {"kind": "error", "message": "no such name", "line": 2, "column": 1}
    bridge.runs(ok=False, failure={"code": "compile_failed", "message": "no"}, diagnostics=[d])
    failure(ip, "%%mojo\ndef main(): x")
    assert "%mojo_fix" not in capsys.readouterr().out.split("1 repair")[-1].split("\n", 1)[1]
    assert "the last cell needed no repair" in str(failure(ip, "%mojo_fix"))


def test_repairs_that_did_not_suffice_say_so(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    change = {"line": 2, "message": "", "before": "import math", "after": "import std.math as math"}
    d = {"kind": "error", "message": "no such name", "line": 3, "column": 1}
    bridge.runs(
        ok=False,
        failure={"code": "compile_failed", "message": "no"},
        diagnostics=[d],
        modernized=[change],
        source="\nimport std.math as math\nx\n",
    )
    failure(ip, "%%mojo\nimport math\nx\n")
    said = capsys.readouterr().out
    assert (
        "1 repair for this Mojo did not suffice: `import math` → `import std.math as math` (line 2)" in said
    )
    assert "fix-its" not in said


def test_warnings_are_shown_and_quiet_hides_them(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    d = {"kind": "warning", "message": "'x' was never used", "line": 2, "column": 1}
    bridge.runs(diagnostics=[d])
    ip.run_cell("%%mojo\nx = 1")
    assert "cell:2:1: warning: 'x' was never used" in capsys.readouterr().out
    ip.run_cell("%%mojo --quiet\nx = 1")
    assert capsys.readouterr() == ("", "")


def test_definitions_that_cannot_be_called_are_listed_with_the_reason(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    bridge.runs(kind="definitions", returncode=None, skipped={"parse": "it takes a Token"})
    ip.run_cell("%%mojo\ndef parse(t: Token) -> Int: return 2")
    assert capsys.readouterr().out == "skipped parse\n  skipped parse: it takes a Token\n"


def test_the_line_of_times_is_shown_where_it_is_asked_for(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    bridge.runs(b"x\n")
    ip.run_cell("%config Mojocell.status = 'always'")
    ip.run_cell("%%mojo\nprint('x')")
    assert capsys.readouterr().err == "cache hit · ran in 1.2 ms\n"


def test_config_sets_and_lists_the_settings(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    from mojocell import settings
    from mojocell.magics import Mojocell

    assert set(Mojocell.class_trait_names(config=True)) == set(settings.SETTINGS)
    ip.run_cell("%config Mojocell.timeout = 7")
    ip.run_cell("%%mojo\nprint(1)")
    assert bridge.requests[-1]["limits"] == {"wall": 7}
    capsys.readouterr()
    ip.run_cell("%config Mojocell.timeout = 'soon'")
    assert "timeout must be a number of seconds above 0, not 'soon'" in caplog.text
    assert settings.value_of("timeout") == 7
    ip.run_cell("%config Mojocell")
    assert "Mojocell.timeout=" in capsys.readouterr().out
    ip.run_cell("%config Mojocell.timeout = None")
    assert settings.value_of("timeout") is None


def test_help_lists_every_option(ip: Any) -> None:
    text = ip.magics_manager.magics["cell"]["mojo"].__doc__
    assert "%%mojo [--mode" in text
    for names, _ in options.CELL:
        for name in names:
            assert name in text
    assert "Mojo" in ip.magics_manager.magics["line"]["mojo"].__doc__


def test_cache_and_info_are_printed(ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]) -> None:
    bridge.answers.update(
        {
            "cache.stats": [{"stats": {"hits": 3, "entries": 1}}],
            "cache.clear": [{"entries": 2, "bytes": 3000000}],
            "cache.explain": [
                {"explanations": [{"cell": "mine", "outcome": "miss", "reasons": ["the source changed"]}]}
            ],
            "info": [{"toolchain": {"version": "1.2.0"}}],
        }
    )
    ip.run_cell("%%mojo -n mine\nprint(1)")
    for magic, says in (
        ("", "hits     3"),
        ("clear", "removed 2 entries, 3.0 MB"),
        ("explain", "the last cell: miss (the source changed)"),
    ):
        ip.run_cell(f"%mojo_cache {magic}")
        assert says in capsys.readouterr().out
    assert next(r for r in bridge.requests if r["op"] == "cache.explain")["cell"] == "mine"
    ip.run_cell("%mojo_info")
    assert "1.2.0" in capsys.readouterr().out
    assert "invalid choice" in str(failure(ip, "%mojo_cache burn"))


def other_magic(line: str, cell: str) -> None:
    """Stand for Modular's."""


other_magic.__module__ = "mojo.notebook"


def test_a_magic_that_had_the_name_before_is_named(
    bridge: FakeBridge, ip: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ip.run_line_magic("unload_ext", "mojocell")
    assert "mojo" not in ip.magics_manager.magics["cell"]
    ip.register_magic_function(other_magic, "cell", "mojo")
    capsys.readouterr()
    ip.run_line_magic("load_ext", "mojocell")
    assert "it was that of mojo.notebook" in capsys.readouterr().err
    ip.run_cell("%%mojo\nprint(1)")
    assert bridge.requests[-1]["op"] == "run"


def test_a_magic_that_takes_the_name_later_is_noticed_once_and_reload_takes_it_back(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    ip.register_magic_function(other_magic, "cell", "mojo")
    ip.run_cell("1")
    assert (
        "now that of mojo.notebook; to get Mojocell's back: %reload_ext mojocell" in capsys.readouterr().err
    )
    ip.run_cell("1")
    assert capsys.readouterr().err == ""
    # %reload_ext, without importing the module anew: the other tests hold the old one.
    from mojocell.magics import load_ipython_extension

    load_ipython_extension(ip)
    capsys.readouterr()
    ip.run_cell("%%mojo\nprint(1)")
    assert bridge.requests[-1]["op"] == "run"
    assert capsys.readouterr().err == ""


def other_line_magic(line: str) -> None:
    """Stand for somebody's."""


def test_unloading_gives_back_the_magics_that_had_the_names(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    from mojocell.magics import load_ipython_extension

    ip.run_line_magic("unload_ext", "mojocell")
    ip.register_magic_function(other_magic, "cell", "mojo")
    ip.register_magic_function(other_line_magic, "line", "mojo")
    for _ in range(2):
        ip.run_line_magic("load_ext", "mojocell")
        capsys.readouterr()
        load_ipython_extension(ip)  # as %reload_ext
        assert capsys.readouterr().err == ""
        ip.run_cell("%%mojo\nprint(1)")
        assert bridge.requests[-1]["op"] == "run"
        ip.run_line_magic("unload_ext", "mojocell")
        assert ip.magics_manager.magics["cell"]["mojo"] is other_magic
        assert ip.magics_manager.magics["line"]["mojo"] is other_line_magic
        assert "mojo_run" not in ip.magics_manager.magics["line"]
    # A magic that took the name later is not touched.
    ip.run_line_magic("load_ext", "mojocell")
    ip.register_magic_function(print, "cell", "mojo")
    ip.run_line_magic("unload_ext", "mojocell")
    assert ip.magics_manager.magics["cell"]["mojo"] is print


def test_unloading_leaves_nothing_behind(ip: Any) -> None:
    assert "info" in vars(ip.inspector)
    ip.run_line_magic("unload_ext", "mojocell")
    for table in ip.magics_manager.magics.values():
        assert not [name for name in table if name.startswith("mojo")]
    assert "info" not in vars(ip.inspector)
    assert not [c for c in ip.configurables if type(c).__name__ == "Mojocell"]
    assert not [c for c in ip.events.callbacks["pre_run_cell"] if "before_cell" in repr(c)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [({"allow_stdin": False}, True), ({"allow_stdin": True}, False), ({}, False), (None, False)],
)
def test_a_request_that_nobody_could_answer_is_unattended(content: Any, expected: bool) -> None:
    from mojocell.hosts.ipython import IPython

    shell = types.SimpleNamespace(get_parent=lambda: {"content": content})
    assert IPython(shell).has_reader() is not expected
    assert IPython(types.SimpleNamespace(parent_header={"content": content})).has_reader() is not expected


def test_a_compilation_that_takes_long_is_shown_in_one_display(
    bridge: FakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from mojocell.show import progress

    class Recorder(progress.Screen):
        def __init__(self) -> None:
            self.texts: list[str] = []

        def show(self, text: str) -> None:
            self.texts.append(text)

    monkeypatch.setattr(progress, "PATIENCE", 0.02)
    monkeypatch.setattr(progress, "BEAT", 0.01)
    screen = Recorder()
    sink = progress.CellSink(screen, None, first=True)
    sink.event("compiling", {"cause": "new"})
    deadline = time.monotonic() + 10
    while len(screen.texts) < 3 and time.monotonic() < deadline:
        sink.quiet()
    sink.event("compiled", {})
    count = len(screen.texts)
    assert count >= 3
    assert screen.texts[0].startswith("compiling … 0.0 s (takes about 3 s")
    sink.quiet()
    sink.close()
    assert len(screen.texts) == count
    quick = progress.CellSink(Recorder(), None)
    quick.event("compiling", {})
    quick.event("compiled", {})
    quick.close()
    assert quick.screen.texts == []  # type: ignore[attr-defined]


# --- what leads on ----------------------------------------------------------------------------


@pytest.mark.parametrize("above", ["# text\n", "x = 1\n", "\nx = 1\n\n"])
def test_a_magic_below_something_else_is_told_at_its_line(
    above: str, ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    result = ip.run_cell(f"{above}%%mojo\nvar x = 2\n")
    assert isinstance(result.error_before_exec, SyntaxError)
    assert "%%mojo stands in a cell's first line" in capsys.readouterr().out
    assert "x" not in ip.user_ns
    assert bridge.requests == []


def test_text_that_only_looks_like_a_magic_is_left_alone(ip: Any, bridge: FakeBridge) -> None:
    assert ip.run_cell("text = '''\n%%mojo\nprint(1)\n'''\n").success
    assert ip.user_ns["text"] == "\n%%mojo\nprint(1)\n"
    assert ip.run_cell("total = (7\n%\n4)").success
    bridge.runs(b"1\n")
    assert ip.run_cell("%%capture kept\n%%mojo\nprint(1)").success
    assert bridge.requests[-1]["source"].strip() == "print(1)"


@pytest.mark.parametrize(
    "cell",
    ["%%mojo --help", "%%mojo -h\n", "%%mojo -O2 --help\nprint(1)", "%mojo --help", "%mojo_run --help"],
)
def test_help_shows_the_options(
    cell: str, ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ip.run_cell(cell).success
    shown = capsys.readouterr().out
    assert "--timeout S" in shown
    assert bridge.requests == []


def test_help_behind_the_dashes_is_the_program_s(ip: Any, bridge: FakeBridge) -> None:
    bridge.runs(b"")
    assert ip.run_cell("%%mojo -- --help\nprint(1)").success
    assert bridge.requests[-1]["args"] == ["--help"]


def unknown(name: str, line: int) -> dict[str, Any]:
    """A cell that did not compile for want of a name, as the daemon tells it."""
    error = {
        "kind": "error",
        "message": f"use of unknown declaration '{name}'",
        "line": line,
        "column": 1,
        "end_line": line,
        "end_column": 1 + len(name),
        "source": name,
        "notes": [],
        "fixits": [],
    }
    return {
        "ok": False,
        "kind": "statements",
        "cell": {"imports": [], "definitions": [{"name": "f", "line": 2, "end_line": 3}], "main": False},
        "failure": {"code": "compile_failed", "message": error["message"]},
        "diagnostics": [error],
    }


@pytest.mark.parametrize(
    ("value", "line", "says"),
    [
        (3, 5, "`%%mojo -i it` takes it in"),
        ([1.5], 5, "`%%mojo -i it` takes it in"),
        (3, 3, "make it an argument"),
        ({}, 5, "is a Python variable (dict), for which Mojo has no type"),
        (types, 5, "call it in Python"),
        (len, 5, "call it in Python"),
    ],
)
def test_a_name_that_the_notebook_knows_is_told_of(
    value: object, line: int, says: str, ip: Any, bridge: FakeBridge
) -> None:
    ip.user_ns["it"] = value
    bridge.answers["run"] = [unknown("it", line)]
    error: Any = failure(ip, "%%mojo\ndef f():\n    pass\n\nit")
    assert says in error.diagnostics[0].hint
    assert says in error.hint


def test_a_name_that_nobody_knows_has_no_hint(ip: Any, bridge: FakeBridge) -> None:
    bridge.answers["run"] = [unknown("nowhere", 5)]
    error: Any = failure(ip, "%%mojo\nnowhere")
    assert error.diagnostics[0].hint is None


def test_a_note_is_told_once_in_a_notebook_and_again_where_its_cell_runs_again(
    ip: Any, bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    note = {
        "kind": "note",
        "message": "it is silent",
        "hint": "write it out",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 2,
        "source": "a",
        "notes": [],
        "fixits": [],
    }
    shown = []
    for name in ("one", "two", "one"):
        bridge.answers["run"] = [
            {"kind": "statements", "cache": "hit", "returncode": 0, "times": {}, "diagnostics": [note]}
        ]
        assert ip.run_cell(f"%%mojo -n {name}\na").success
        shown.append("it is silent" in capsys.readouterr().out)
    assert shown == [True, False, True]
