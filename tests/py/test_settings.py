"""Settings: one set of keys, four places, one order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import mojocell as mc
from conftest import ROOT
from mojocell import settings
from scripted import FakeBridge


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a pyproject.toml above the working directory."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")

    def write(text: str) -> Path:
        path = tmp_path / "pyproject.toml"
        path.write_text(text)
        return path

    return write


def test_the_process_weighs_more_than_the_environment_than_the_project_than_the_default(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (settings.value_of("timeout"), settings.origin("timeout")) == (None, "default")
    path = project("[tool.mojocell]\ntimeout = 4\n")
    assert (settings.value_of("timeout"), settings.origin("timeout")) == (4, str(path))
    monkeypatch.setenv("MOJOCELL_TIMEOUT", "3.5")
    assert (settings.value_of("timeout"), settings.origin("timeout")) == (3.5, "MOJOCELL_TIMEOUT")
    settings.set_value("timeout", 2)
    assert (settings.value_of("timeout"), settings.origin("timeout")) == (2, "set in this process")
    settings.set_value("timeout", None)
    assert settings.value_of("timeout") == 3.5


def test_a_project_file_that_changes_is_read_again(project: Any) -> None:
    project("[tool.mojocell]\nmode = 'run'\n")
    assert settings.value_of("mode") == "run"
    project("[tool.mojocell]\nmode = 'cached'  # changed\n")
    assert settings.value_of("mode") == "cached"


def test_paths_of_a_project_start_at_its_directory(project: Any) -> None:
    path = project("[tool.mojocell]\ntoolchain = 'env/modular'\n")
    assert settings.value_of("toolchain") == str(path.parent / "env" / "modular")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.mojocell]\ntimeout = -1\n", "timeout must be a number of seconds above 0, not -1"),
        ("[tool.mojocell]\nmode = 'fast'\n", "mode must be one of cached, run, inline, isolated, not 'fast'"),
        ("[tool.mojocell]\nflags = [1]\n", "flags must be a list of strings"),
        ("[tool.mojocell]\ntimout = 3\n", "no setting 'timout'; did you mean timeout?"),
        ("[tool.mojocell\n", "cannot be read"),
        ("tool.mojocell = 3\n", "must be a table"),
    ],
)
def test_a_project_that_says_something_impossible_is_told_where(project: Any, text: str, says: str) -> None:
    path = project(text)
    with pytest.raises(mc.MojoError) as caught:
        settings.everything()
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("flags", "-O1 -D 'A=b c'", ("-O1", "-D", "A=b c")),
        ("modernize", "off", False),
        ("modernize", "1", True),
        ("memory", "512", 512),
        ("cpu", "2.5", 2.5),
        ("processes", "5", 5),
        ("most_output", "1", 1),
        ("shown", "1000", 1000),
        ("toolchain", "~/mojo", os.path.expanduser("~/mojo")),
        ("status", "never", "never"),
    ],
)
def test_the_environment_gives_text_that_becomes_a_value(
    monkeypatch: pytest.MonkeyPatch, key: str, text: str, value: Any
) -> None:
    monkeypatch.setenv(f"MOJOCELL_{key.upper()}", text)
    assert settings.value_of(key) == value


@pytest.mark.parametrize(
    ("key", "text"), [("memory", "1.5"), ("modernize", "perhaps"), ("shown", "many"), ("timeout", "0")]
)
def test_the_environment_is_told_what_it_cannot_say(
    monkeypatch: pytest.MonkeyPatch, key: str, text: str
) -> None:
    monkeypatch.setenv(f"MOJOCELL_{key.upper()}", text)
    with pytest.raises(mc.MojoError, match=f"^MOJOCELL_{key.upper()} must be .* not '{text}'"):
        settings.value_of(key)


def test_settings_reach_the_request(bridge: FakeBridge) -> None:
    for key, value in {
        "flags": ["-O0"],
        "timeout": 9,
        "memory": 100,
        "cpu": 4,
        "processes": 3,
        "most_output": 1,
        "mode": "run",
        "toolchain": "/opt/mojo",
    }.items():
        settings.set_value(key, value)
    settings.set_value("modernize", False)
    mc.run("x", flags=["-D", "A=1"])
    request = bridge.requests[-1]
    assert request["flags"] == ["-O0", "-D", "A=1"]
    assert request["limits"] == {"wall": 9, "cpu": 4, "memory": 100, "processes": 3, "output": 1 << 20}
    assert request["force"] is True
    assert request["modernize"] is False
    assert request["toolchain"] == "/opt/mojo"
    mc.run("x", timeout=1, mode="cached", modernize=True)
    assert bridge.requests[-1]["limits"]["wall"] == 1
    assert "force" not in bridge.requests[-1]
    assert "modernize" not in bridge.requests[-1]


def test_an_unknown_setting_and_a_wrong_value_are_refused() -> None:
    with pytest.raises(KeyError):
        settings.set_value("nonsense", 1)
    with pytest.raises(ValueError, match="timeout must be"):
        settings.set_value("timeout", "soon")


def test_a_working_directory_that_is_gone_is_said_to_be(
    bridge: FakeBridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert settings.value_of("mode") == "cached"
    with pytest.raises(mc.MojoError, match="working directory does not exist"):
        mc.run("x")
    mc.run("x", cwd="/")
    assert bridge.requests[-1]["cwd"] == "/"


def test_the_documentation_lists_every_setting_with_its_default() -> None:
    import re

    text = (ROOT / "docs" / "settings.md").read_text()
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, re.MULTILINE))
    assert set(listed) == set(settings.SETTINGS)
    for key, setting in settings.SETTINGS.items():
        if isinstance(setting.default, str | int):
            assert listed[key].strip("`") == str(setting.default).lower(), key


def test_the_word_mode_takes_the_modes_of_functions_too(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (settings.value_of("mode"), settings.value_of("call_mode")) == ("cached", None)
    monkeypatch.setenv("MOJOCELL_MODE", "isolated")
    assert (settings.value_of("mode"), settings.origin("mode")) == ("cached", "default")
    assert (settings.value_of("call_mode"), settings.origin("call_mode")) == ("isolated", "MOJOCELL_MODE")
    monkeypatch.setenv("MOJOCELL_CALL_MODE", "inline")
    assert settings.value_of("call_mode") == "inline"
    monkeypatch.setenv("MOJOCELL_MODE", "run")
    assert settings.value_of("mode") == "run"
    monkeypatch.delenv("MOJOCELL_MODE")
    monkeypatch.delenv("MOJOCELL_CALL_MODE")
    path = project("[tool.mojocell]\nmode = 'isolated'\n")
    assert (settings.value_of("mode"), settings.value_of("call_mode")) == ("cached", "isolated")
    assert settings.origin("call_mode") == str(path)
    settings.set_value("mode", "inline")
    assert (settings.value_of("mode"), settings.value_of("call_mode")) == ("cached", "inline")
    settings.set_value("call_mode", "auto")
    assert settings.value_of("call_mode") is None
