"""`run`, `compile`, `cell`, the cache and the errors, over a scripted bridge."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mojocell as mc
from conftest import ROOT
from mojocell import errors
from mojocell.core import surroundings
from scripted import FakeBridge


def test_a_run_asks_for_all_that_the_protocol_has(bridge: FakeBridge, tmp_path: Path) -> None:
    mc.run(
        "print(1)",
        mode="run",
        timeout=2,
        memory=64,
        cpu=1.5,
        stdin="in",
        args=["a", "b c"],
        flags=["-O1"],
        cwd=tmp_path,
        env={"A": "1"},
        modernize=False,
        name="one",
    )
    request = bridge.requests[-1]
    mask = os.umask(0)
    os.umask(mask)
    sites = request.pop("sites")
    assert request == {
        "op": "run",
        "source": "print(1)",
        "name": "one",
        "cwd": str(tmp_path),
        "env": {"A": "1", "MOJO_PYTHON": sys.executable},
        "umask": mask,
        "flags": ["-O1"],
        "force": True,
        "modernize": False,
        "args": ["a", "b c"],
        "stdin": {"frame": 0},
        "limits": {"wall": 2.0, "cpu": 1.5, "memory": 64},
    }
    assert bridge.frames[-1] == [b"in"]
    assert any(site.endswith("site-packages") for site in sites)


def test_a_plain_run_asks_for_nothing_special(bridge: FakeBridge) -> None:
    mc.run("print(1)")
    assert set(bridge.requests[-1]) == {"op", "source", "name", "cwd", "env", "umask", "sites"}
    own = {k: v for k, v in os.environ.items() if surroundings._is_utf8(k + v)}
    assert bridge.requests[-1]["env"] == {"MOJO_PYTHON": sys.executable, **own}


def test_each_request_has_the_environment_of_its_time(
    bridge: FakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in ("one", "two", 'q"\\\n火', None):
        if value is None:
            monkeypatch.delenv("MC_OF_ITS_TIME")
        else:
            monkeypatch.setenv("MC_OF_ITS_TIME", value)
        for _ in range(2):
            mc.run("x")
            assert bridge.requests[-1]["env"].get("MC_OF_ITS_TIME") == value
    monkeypatch.setattr(os, "environ", {"MC_OF_ITS_TIME": "another object"})
    mc.run("x")
    assert bridge.requests[-1]["env"]["MC_OF_ITS_TIME"] == "another object"


def test_what_was_asked_for_another_environment_is_not_taken_for_the_processs(bridge: FakeBridge) -> None:
    mc.run("x")
    mc.run("x", env={"MOJO_PYTHON": "/p", "A": "b"})
    assert bridge.requests[-1]["env"] == {"MOJO_PYTHON": "/p", "A": "b"}
    surroundings.environment()["MC_ADDED_BY_A_CALLER"] = "1"
    mc.run("x")
    assert "MC_ADDED_BY_A_CALLER" not in bridge.requests[-1]["env"]


def test_a_package_that_appears_on_the_path_is_a_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    assert str(tmp_path) not in surroundings.sites()
    (tmp_path / "modular").mkdir()
    assert surroundings.sites()[0] == str(tmp_path)


def test_a_result_has_output_status_and_times(bridge: FakeBridge) -> None:
    bridge.runs(b"hel", b"lo\xe7", b"\x81\xab\n", err=b"warn\n", usage={"user": 0.1, "max_rss_mb": 9})
    result = mc.run("x")
    assert (result.stdout, result.stderr) == ("hello火\n", "warn\n")
    assert (result.returncode, result.signal, result.ok, result.cache) == (0, None, True, "hit")
    assert result.times["run"] == 0.0012
    assert result.usage["max_rss_mb"] == 9
    assert repr(result) == "RunResult(stdout='hello火\\n', stderr='warn\\n', returncode=0)"
    assert "hello火" in result._repr_html_()
    assert result._mime_() == ("text/html", result._repr_html_())


def test_nothing_is_printed_unless_asked_for(bridge: FakeBridge, capsys: pytest.CaptureFixture[str]) -> None:
    bridge.runs(b"out", err=b"err")
    mc.run("x")
    assert capsys.readouterr() == ("", "")
    mc.run("x", echo=True)
    assert capsys.readouterr() == ("out", "err")


@pytest.mark.parametrize(
    ("failure", "extra", "kind"),
    [
        ({"code": "compile_failed", "message": "1 error"}, {}, mc.MojoCompileError),
        (
            {"code": "invalid_cell", "message": "main and statements", "line": 2, "column": 1},
            {},
            mc.MojoCompileError,
        ),
        ({"code": "raised", "message": "boom"}, {"returncode": 1}, mc.MojoRuntimeError),
        ({"code": "exited", "message": "exit status 3"}, {"returncode": 3}, mc.MojoRuntimeError),
        ({"code": "crashed", "message": "index 10 is out of bounds"}, {"signal": 4}, mc.MojoCrash),
        ({"code": "timeout", "message": "ran for 1 s"}, {"signal": 9, "limit": "wall"}, mc.MojoTimeout),
        ({"code": "limit", "message": "more than 64 MB"}, {"signal": 9, "limit": "memory"}, mc.MojoLimit),
    ],
)
def test_failing_code_raises_the_error_of_its_kind_or_returns_it(
    bridge: FakeBridge, failure: dict[str, Any], extra: dict[str, Any], kind: type[mc.MojoError]
) -> None:
    bridge.runs(b"so far\n", ok=False, failure=failure, **{"returncode": None, **extra})
    with pytest.raises(kind) as caught:
        mc.run("def main(): ...\nx")
    error = caught.value
    assert type(error) is kind
    assert error.code == failure["code"]
    assert failure["message"] in str(error)
    assert error.result is not None
    assert error.result.stdout == "so far\n"
    returned = mc.run("x", check=False)
    assert not returned.ok
    assert type(returned.error) is kind
    assert kind.__name__ in repr(returned)


def test_a_crash_shows_the_line_of_the_cell(bridge: FakeBridge) -> None:
    failure = {
        "code": "crashed",
        "message": "index 10 is out of bounds, valid range is 0 to 2",
        "line": 3,
        "column": 11,
    }
    bridge.runs(ok=False, failure={**failure, "hint": "check the index"}, returncode=None, signal=4)
    with pytest.raises(mc.MojoCrash) as caught:
        mc.run("def main():\n    var v = [1, 2, 3]\n    print(v[10])")
    assert str(caught.value).split("\n") == [
        "cell:3:11: index 10 is out of bounds, valid range is 0 to 2",
        "  3 |     print(v[10])",
        "    |           ^",
        "hint: check the index",
    ]
    assert caught.value.signal == signal.SIGILL


def test_a_compile_error_has_its_diagnostics(bridge: FakeBridge) -> None:
    d = {"kind": "error", "message": "unknown 'x'", "line": 1, "column": 7, "end_line": 1, "end_column": 8}
    d["notes"] = [{"message": "in main"}]
    d["fixits"] = [{"line": 1, "column": 7, "end_line": 1, "end_column": 8, "text": "y"}]
    bridge.runs(
        ok=False, failure={"code": "compile_failed", "message": "the cell has an error"}, diagnostics=[d]
    )
    with pytest.raises(mc.MojoCompileError) as caught:
        mc.run("print(x)")
    found = caught.value.diagnostics[0]
    assert (found.kind, found.line, found.column, found.message) == ("error", 1, 7, "unknown 'x'")
    assert found.notes[0].message == "in main"
    assert found.fixits[0].text == "y"
    assert str(caught.value).split("\n") == [
        "cell:1:7: error: unknown 'x'",
        "  1 | print(x)",
        "    |       ^",
        "  note: in main",
        "  fix-it: replace `x` by `y` at 1:7",
    ]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("toolchain_not_found", mc.ToolchainNotFound),
        ("daemon_unavailable", mc.DaemonUnavailable),
        ("daemon_lost", mc.DaemonUnavailable),
        ("too_many_clients", mc.DaemonUnavailable),
        ("protocol", mc.ProtocolError),
        ("io", mc.MojoError),
    ],
)
def test_a_request_that_is_not_served_raises_even_unchecked(
    bridge: FakeBridge, code: str, kind: type[mc.MojoError]
) -> None:
    bridge.answers["run"] = [bridge.Error(code, "no luck", "try this")]
    with pytest.raises(mc.MojoError) as caught:
        mc.run("x", check=False)
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.hint) == (code, "try this")
    assert str(caught.value) == "no luck\nhint: try this"


def test_every_error_can_be_pickled() -> None:
    for kind in {*errors.BY_CODE.values(), mc.MojoReturnError, mc.MojoError}:
        error = pickle.loads(pickle.dumps(kind("m", code="c", hint="h")))
        assert (type(error), error.message, error.code, error.hint) == (kind, "m", "c", "h")


def test_an_interrupt_is_a_keyboard_interrupt_that_keeps_the_output(bridge: FakeBridge) -> None:
    def run(_request: dict[str, Any], event: Any) -> BaseException:
        event("stdout", b"one\ntwo\n")
        return KeyboardInterrupt()

    bridge.answers["run"] = [run]
    with pytest.raises(KeyboardInterrupt) as caught:
        mc.run("x")
    assert caught.type.__name__ == "KeyboardInterrupt"
    assert caught.value.result.stdout == "one\ntwo\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("keywords", "kind", "word"),
    [
        ({"mode": "fast"}, ValueError, "mode"),
        ({"timeout": -1}, ValueError, "timeout"),
        ({"timeout": "1"}, TypeError, "timeout"),
        ({"timeout": float("nan")}, ValueError, "timeout"),
        ({"timeout": True}, TypeError, "timeout"),
        ({"timeout": float("inf")}, ValueError, "timeout"),
        ({"timeout": -(10**400)}, ValueError, "timeout"),
        ({"memory": -(10**400)}, ValueError, "memory"),
        ({"memory": 0}, ValueError, "memory"),
        ({"memory": 1.5}, TypeError, "memory"),
        ({"cpu": 0}, ValueError, "cpu"),
        ({"cpu": "1"}, TypeError, "cpu"),
        ({"processes": 0}, ValueError, "processes"),
        ({"processes": 2.5}, TypeError, "processes"),
        ({"most_output": "1 GB"}, TypeError, "most_output"),
        ({"stdin": 5}, TypeError, "stdin"),
        ({"stdin": "\ud800"}, ValueError, "stdin"),
        ({"args": "abc"}, TypeError, "args"),
        ({"args": [1]}, TypeError, "args"),
        ({"args": ["a\0b"]}, ValueError, "args"),
        ({"flags": 3}, TypeError, "flags"),
        ({"cwd": "/no/such/place"}, ValueError, "cwd"),
        ({"cwd": 3}, TypeError, "cwd"),
        ({"env": "A=1"}, TypeError, "env"),
        ({"env": {"A": 1}}, TypeError, "env"),
        ({"env": {"A=B": "1"}}, ValueError, "env"),
        ({"modernize": 1}, TypeError, "modernize"),
        ({"name": 7}, TypeError, "name"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(
    bridge: FakeBridge, keywords: dict[str, Any], kind: type[Exception], word: str
) -> None:
    with pytest.raises(kind, match=f"^{word} must be"):
        mc.run("x", **keywords)
    assert not bridge.requests


@pytest.mark.parametrize("source", [None, b"print(1)", 5])
def test_a_source_that_is_no_text_is_refused(bridge: FakeBridge, source: Any) -> None:
    with pytest.raises(TypeError, match=r"^source must be a str"):
        mc.run(source)
    assert not bridge.requests


def test_a_source_that_is_no_unicode_is_refused(bridge: FakeBridge) -> None:
    with pytest.raises(ValueError, match="not valid Unicode"):
        mc.run("print('\udcff')")
    assert not bridge.requests


def test_a_cell_of_a_program_shows_its_output(bridge: FakeBridge) -> None:
    bridge.runs(b"hi\n")
    module = mc.cell("print('hi')")
    assert module.result is not None
    assert module.result.stdout == "hi\n"
    assert "hi" in module._mime_()[1]


def test_the_cache_and_info_pass_on_what_the_daemon_says(bridge: FakeBridge) -> None:
    bridge.answers.update(
        {
            "cache.stats": [{"stats": {"hits": 3, "misses": 1}}],
            "cache.explain": [
                {
                    "explanations": [
                        {
                            "cell": "a",
                            "outcome": "miss",
                            "key": "k",
                            "reasons": ["the source changed", "-O2 is new"],
                        }
                    ]
                }
            ],
            "cache.clear": [{"entries": 4, "bytes": 5}],
            "info": [{"version": "0.1.0", "toolchain": {"version": "1.2.0"}}],
        }
    )
    assert mc.cache.stats() == {"hits": 3, "misses": 1}
    found = mc.cache.explain("a")
    assert repr(found) == "a: miss (the source changed; -O2 is new)"
    assert found[0].reasons == ("the source changed", "-O2 is new")
    assert bridge.requests[-1] == {"op": "cache.explain", "cell": "a"}
    mc.cache.explain()
    assert bridge.requests[-1] == {"op": "cache.explain"}
    assert mc.clear_cache() == {"entries": 4, "bytes": 5}
    info = mc.info()
    assert info["mojocell"] == mc.__version__
    assert info["toolchain"] == {"version": "1.2.0"}


def test_info_tells_people_what_can_be_imported() -> None:
    places = [
        {"directory": "/mojo/lib/mojo", "origin": "compiler", "names": ["std"]},
        {"directory": "/work", "origin": "beside", "names": [f"m{number:02}" for number in range(14)]},
    ]
    assert mc.api.summary({"modules": places})["modules"] == {
        "/mojo/lib/mojo": "std (of the compiler)",
        "/work": ", ".join(f"m{number:02}" for number in range(12)) + " and 2 more (beside the notebook)",
    }
    assert "modules" not in mc.api.summary({"modules": []})


def test_an_answer_that_is_no_json_is_a_protocol_error(
    bridge: FakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "answer", lambda *_: (b"\xff", []))
    with pytest.raises(mc.ProtocolError):
        mc.cache.stats()


def test_one_client_serves_the_process_and_another_runtime_directory_has_its_own(
    bridge: FakeBridge, tmp_path: Path
) -> None:
    import threading

    from mojocell import settings

    mc.run("x")
    thread = threading.Thread(target=mc.run, args=("x",))
    thread.start()
    thread.join()
    assert len(bridge.clients) == 1
    settings.set_value("runtime_dir", tmp_path)
    mc.run("x")
    assert [client.arguments[0] for client in bridge.clients][1:] == [str(tmp_path)]


def test_a_request_interrupted_from_another_thread_is_a_keyboard_interrupt(bridge: FakeBridge) -> None:
    bridge.answers["run"] = [bridge.Error("interrupted", "interrupted")]
    with pytest.raises(KeyboardInterrupt):
        mc.run("x")


def test_variables_that_are_no_utf8_stay_at_home(bridge: FakeBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MOJOCELL_TEST_BAD", "\udcff")
    monkeypatch.setitem(os.environ, "MOJOCELL_TEST_GOOD", "é")
    mc.run("x")
    assert "MOJOCELL_TEST_BAD" not in bridge.requests[-1]["env"]
    assert bridge.requests[-1]["env"]["MOJOCELL_TEST_GOOD"] == "é"


def test_the_umask_is_read_without_being_changed() -> None:
    before = os.umask(0o027)
    try:
        assert surroundings._umask() == 0o027
    finally:
        assert os.umask(before) == 0o027


def test_importing_the_package_imports_neither_ipython_nor_anything_slow() -> None:
    code = "import sys, mojocell; mojocell.run; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    path = {**os.environ, "PYTHONPATH": str(ROOT / "ipython_ext")}
    found = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    heavy = {
        "IPython",
        "traitlets",
        "argparse",
        "asyncio",
        "inspect",
        "dataclasses",
        "tomllib",
        "subprocess",
        "zmq",
    }
    assert not heavy & set(found.stdout.split())


def test_every_public_name_can_be_had() -> None:
    assert set(mc.__all__) <= set(dir(mc))
    for name in mc.__all__:
        assert getattr(mc, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = mc.nonsense  # type: ignore[attr-defined]


def test_a_hint_that_a_diagnostic_has_is_said_once(bridge: FakeBridge) -> None:
    d = {"kind": "error", "message": "unknown 'n'", "line": 1, "column": 7, "hint": "pass it as an argument"}
    failure = {"code": "compile_failed", "message": "unknown 'n'", "hint": "pass it as an argument"}
    bridge.runs(ok=False, failure=failure, diagnostics=[d, {**d, "hint": None}])
    error = mc.run("print(n)", check=False).error
    assert str(error).startswith("2 errors\ncell:1:7: error: unknown 'n'\n")
    assert str(error).count("pass it as an argument") == 1


def test_the_documentation_lists_every_error_and_its_codes() -> None:
    text = (ROOT / "docs" / "errors.md").read_text()
    for code, kind in errors.BY_CODE.items():
        row = next(line for line in text.split("\n") if line.startswith(f"| `{kind.__name__}` |"))
        assert f"`{code}`" in row


@pytest.mark.parametrize("much", [1e10, 1e300, 10**400])
def test_limits_of_any_size_are_sent_as_what_the_daemon_can_count(bridge: FakeBridge, much: float) -> None:
    mc.run("x", timeout=much, cpu=much, memory=int(much))
    limits = bridge.requests[-1]["limits"]
    assert limits["wall"] == limits["cpu"] == 1e9
    assert limits["memory"] <= 1 << 40
    assert bridge.silences[-1] == 1e9


def test_a_daemon_that_hangs_is_borne_as_long_as_the_program_may_take(bridge: FakeBridge) -> None:
    mc.run("x", timeout=3)
    mc.run("x", timeout=0.01)
    mc.run("x")
    assert bridge.silences == [3.0, 2.0, None]
