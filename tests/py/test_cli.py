"""The command, over a scripted bridge."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import mojocell
from mojocell import cli, doctor
from scripted import FakeBridge


@pytest.fixture(autouse=True)
def no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A standard input that is empty."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of Mojo."""
    path = tmp_path / "a.mojo"
    path.write_text("print(1)\n")
    return path


def test_run_passes_output_on_and_returns_the_status(
    bridge: FakeBridge, source: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    bridge.runs(
        b"\xff raw\n",
        err=b"err\n",
        ok=False,
        failure={"code": "exited", "message": "exit status 3"},
        returncode=3,
    )
    assert cli.main(["run", str(source), "-O2", "--timeout", "4", "--", "a", "--b"]) == 3
    out, err = capfdbinary.readouterr()
    assert out == b"\xff raw\n"
    assert err == b"err\n"
    request = bridge.requests[-1]
    assert (request["args"], request["limits"], request["name"]) == (["a", "--b"], {"wall": 4.0}, str(source))
    assert request["flags"] == ["-O2", "-I", str(source.parent)]


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.buffer = self

    def write(self, text: str | bytes) -> int:  # type: ignore[override]
        return super().write(text.decode() if isinstance(text, bytes) else text)

    def isatty(self) -> bool:
        return True

    def seen(self) -> list[str]:
        """The lines that stand there at the end."""
        return [line.rpartition("\r\x1b[K")[2] for line in self.getvalue().split("\n")]


def slow(bridge: FakeBridge, failure: dict[str, Any] | None = None) -> Any:
    """An answer that compiles until progress was shown twice, and prints."""

    def answer(request: dict[str, Any], event: Any) -> dict[str, Any]:
        event("compiling", cause="new")
        terminal: Any = sys.stderr
        end = time.monotonic() + 20
        while terminal.getvalue().count("compiling") < 2 and time.monotonic() < end:
            bridge.wait(0.05)
        if failure is None:
            event("compiled")
            event("stderr", b"words\n", bytes=6)
        return {"ok": failure is None, "failure": failure, "returncode": 0, "cache": "miss", "times": {}}

    return answer


def test_a_terminal_sees_how_a_compilation_goes_on_and_keeps_nothing_of_it(
    bridge: FakeBridge, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for failure, kept in (
        (None, ["words", "compiled in 0 µs (cold) · ran in 0 µs", ""]),
        ({"code": "compile_failed", "message": "no"}, ["not compiled", "mojocell: no", ""]),
    ):
        bridge.answers["run"] = [slow(bridge, failure)]
        monkeypatch.setattr(sys, "stderr", Terminal())
        monkeypatch.setenv("NO_COLOR", "1")
        cli.main(["run", str(source)])
        text = sys.stderr.getvalue()  # type: ignore[attr-defined]
        assert re.match(r"\rcompiling … 0\.\d s\x1b\[K\rcompiling … [\d.]+ s\x1b\[K", text)
        assert sys.stderr.seen() == kept  # type: ignore[attr-defined]


def test_who_is_no_terminal_or_wants_quiet_sees_no_progress(
    bridge: FakeBridge, source: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def answer(request: dict[str, Any], event: Any) -> dict[str, Any]:
        event("compiling", cause="new")
        bridge.wait(0.6)
        event("compiled")
        return {"ok": True, "returncode": 0, "cache": "miss", "times": {}}

    bridge.answers["run"] = [answer]
    cli.main(["run", str(source)])
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr(sys, "stderr", Terminal())
    cli.main(["run", "--quiet", str(source)])
    assert "compiling" not in sys.stderr.getvalue()  # type: ignore[attr-defined]


def test_run_reads_standard_input(bridge: FakeBridge, monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"print(2)")))
    assert cli.main(["run", "-"]) == 0
    assert bridge.requests[-1]["source"] == "print(2)"
    assert bridge.frames[-1] == []
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"data")))
    assert cli.main(["run", str(source)]) == 0
    assert bridge.frames[-1] == [b"data"]


@pytest.mark.parametrize(
    ("failure", "extra", "status"),
    [
        ({"code": "compile_failed", "message": "no"}, {"returncode": None}, 1),
        ({"code": "crashed", "message": "dead"}, {"returncode": None, "signal": 4}, 132),
        ({"code": "timeout", "message": "late"}, {"returncode": None, "signal": 9}, 124),
    ],
)
def test_the_exit_status_is_that_of_a_shell(
    bridge: FakeBridge, source: Path, failure: dict[str, Any], extra: dict[str, Any], status: int
) -> None:
    bridge.runs(ok=False, failure=failure, **extra)
    assert cli.main(["run", str(source)]) == status


def test_what_cannot_be_read_or_served_is_said_on_stderr(
    bridge: FakeBridge, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", str(tmp_path / "no.mojo")]) == 1
    assert "no.mojo: No such file or directory" in capsys.readouterr().err
    source.write_bytes(b"\xff")
    assert cli.main(["run", str(source)]) == 1
    assert "is not UTF-8" in capsys.readouterr().err
    source.write_text("x")
    bridge.answers["run"] = [bridge.Error("toolchain_not_found", "no Mojo compiler", "pip install mojo")]
    assert cli.main(["run", str(source)]) == 1
    assert capsys.readouterr().err == "mojocell: no Mojo compiler\nhint: pip install mojo\n"


@pytest.mark.parametrize(
    "words", [["run"], ["dance"], ["run", "x", "--tim", "3"], ["info", "--", "x"], ["cache", "burn"]]
)
def test_usage_errors_exit_with_two(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2


def test_cache_and_info_print_a_table_or_json(bridge: FakeBridge, capsys: pytest.CaptureFixture[str]) -> None:
    bridge.answers.update(
        {
            "cache.stats": [{"stats": {"hits": 3}}],
            "cache.explain": [{"explanations": []}],
            "info": [{"pid": 7}],
        }
    )
    assert cli.main(["cache"]) == 0
    assert capsys.readouterr().out == "hits  3\n"
    assert cli.main(["cache", "stats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"hits": 3}
    assert cli.main(["cache", "explain", "a.mojo"]) == 0
    assert bridge.requests[-1]["cell"] == "a.mojo"
    capsys.readouterr()
    assert cli.main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["mojocell"] == mojocell.__version__
    assert facts["machine"]["usable"] >= 1 and facts["machine"]["simd_bits"] is None


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"mojocell {mojocell.__version__}\n"


def test_doctor_and_info_say_why_there_is_no_compiler(
    bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = {"message": "the toolchain '/x': No such file", "hint": "name the `mojo` program"}
    bridge.answers["info"] = [{"toolchain_problem": problem, "pid": 7}] * 2
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "ok    daemon: answers, pid 7" in lines
    assert f"FAIL  toolchain: {problem['message']} -> {problem['hint']}" in lines
    assert cli.main(["info"]) == 0
    assert f"mojo      {problem['message']}" in capsys.readouterr().out


def test_doctor_has_a_line_a_check_and_names_the_remedy(
    bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    bridge.answers["info"] = [{"toolchain": {}, "pid": 7}]
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(doctor.CHECKS)
    words = {line.split(":")[0].split()[1]: line for line in lines}
    assert words["python"].startswith("ok")
    assert words["toolchain"].startswith("FAIL")
    assert "-> pip install mojo" in words["toolchain"]
    assert words["program"].startswith("skip")
    assert words["machine"].startswith("ok") and "processor" in words["machine"]


@pytest.mark.parametrize(
    ("made_for", "line"),
    [
        ("1.2.0", "ok    max: 26.7.0, for Mojo 1.2.0"),
        (
            "1.1.0",
            "FAIL  max: 26.7.0 is for Mojo 1.1.0, and the compiler is 1.2.0 -> pip install mojo==1.2.0 max",
        ),
        (None, "skip  max: not there: parallelize and the GPU need it -> pip install mojo==1.2.0 max"),
    ],
)
def test_doctor_tells_whether_max_is_there_and_fits_the_compiler(
    bridge: FakeBridge,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    made_for: str | None,
    line: str,
) -> None:
    if made_for:
        (tmp_path / "max_core-26.7.0.dist-info").mkdir()
        (tmp_path / "max_core-26.7.0.dist-info" / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: max-core\nVersion: 26.7.0\nRequires-Dist: mojo-compiler=={made_for}\n"
        )
    found = {"root": str(tmp_path / "modular"), "version": "1.2.0"}
    bridge.answers["info"] = [{"toolchain": found, "pid": 7}]
    cli.main(["doctor"])
    assert line in capsys.readouterr().out.splitlines()


def test_doctor_goes_on_when_a_check_breaks(bridge: FakeBridge, capsys: pytest.CaptureFixture[str]) -> None:
    bridge.answers["info"] = [bridge.Error("daemon_unavailable", "cannot start", "look at the log")]
    bridge.answers["cache.stats"] = [RuntimeError("odd")]
    assert cli.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "FAIL  daemon: cannot start -> look at the log" in out
    assert "FAIL  cache: RuntimeError: odd" in out


def test_the_demo_prints_a_table_and_tells_whether_each_cell_did_what_it_should(
    bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    ok = {"kind": "program", "returncode": 0, "cache": "miss", "times": {"compile": 2.4, "run": 0.001}}
    hit = {**ok, "cache": "hit"}
    bad = {"ok": False, "failure": {"code": "compile_failed", "message": "no"}, "times": {"total": 0.3}}
    bridge.answers["run"] = [ok, hit, ok, bad, bad]
    assert cli.main(["demo"]) == 0
    out = capsys.readouterr().out
    assert "a program                  compiled in 2.4 s (cold) · ran in 1.0 ms" in out
    bridge.answers["run"] = [ok, ok, ok, bad, bad]
    assert cli.main(["demo"]) == 1
    bridge.answers["run"] = [ok, hit, ok, ok, bad]
    assert cli.main(["demo"]) == 1


def test_doctor_says_what_to_do_about_a_cache_that_is_not_used(
    bridge: FakeBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = "the cache: '/c' is open to others (mode 777)"
    bridge.answers["info"] = [{"toolchain": {}, "pid": 7}]
    bridge.answers["cache.stats"] = [{"stats": {"entries": 0, "problem": problem}}]
    assert cli.main(["doctor"]) == 1
    (line,) = (line for line in capsys.readouterr().out.splitlines() if " cache: " in line)
    assert line.startswith("FAIL  cache: cannot be used") and problem in line
    assert line.endswith("-> close it (chmod 700), or let MOJOCELL_CACHE_DIR name one of yours")


def test_debug_information_is_asked_for_as_the_hint_says(bridge: FakeBridge, source: Path) -> None:
    assert cli.main(["run", str(source), "-g1"]) == 0
    assert bridge.requests[-1]["flags"][0] == "-g1"
    with pytest.raises(SystemExit):
        cli.main(["run", str(source), "-g7"])


def test_files_are_laid_out_in_their_places(
    bridge: FakeBridge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide, narrow = tmp_path / "wide.mojo", tmp_path / "narrow.mojo"
    wide.write_text("print( 1 )\n")
    narrow.write_text("print(1)\n")
    bridge.answers["format"] = [{"source": "print(1)\n"}]
    assert cli.main(["format", "--check", str(wide), str(narrow)]) == 1
    assert capsys.readouterr().out == f"{wide}: would be laid out\n"
    assert wide.read_text() == "print( 1 )\n"
    assert cli.main(["format", str(wide), str(narrow)]) == 0
    assert capsys.readouterr().out == f"{wide}: laid out\n"
    assert wide.read_text() == "print(1)\n"
    bridge.answers["format"] = [
        {"ok": False, "failure": {"code": "invalid_cell", "message": "the formatter cannot read this cell"}}
    ]
    assert cli.main(["format", str(wide)]) == 1
    assert f"{wide}: the formatter cannot read this cell" in capsys.readouterr().err
