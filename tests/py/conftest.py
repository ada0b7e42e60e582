"""Fixtures: a scripted bridge for the package's own logic, private directories for the real one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

import events
from scripted import FakeBridge

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

# What a shell runs in the background ignores SIGINT, and so would all that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Durations are nobody's business here; in CI the same examples every time.
hypothesis.settings.register_profile("mojocell", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("mojocell")


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch) -> FakeBridge:
    """A scripted bridge in the place of the extension."""
    import mojocell
    from mojocell.core import client

    fake = FakeBridge()
    monkeypatch.setitem(sys.modules, "mojocell._bridge", fake)
    monkeypatch.setattr(mojocell, "_bridge", fake, raising=False)
    monkeypatch.setattr(client, "_clients", {})
    fake.answers = {
        "cache.stats": [{"stats": {"entries": 1, "misses": 1}}],
        "run": [{"kind": "program", "returncode": 0}],
    }
    return fake


@pytest.fixture
def ip(bridge: FakeBridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An IPython with the extension loaded."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    monkeypatch.setattr(InteractiveShell, "_instance", shell)
    shell.run_line_magic("load_ext", "mojocell")
    yield shell
    InteractiveShell._instance = None
    shell.events.reset() if hasattr(shell.events, "reset") else None


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What a daemon says to the package is held against the schema; a scripted bridge is none."""
    from mojocell.core import client

    if "bridge" in request.fixturenames:
        return
    decode = client._decode

    def checked(text: str) -> object:
        header = decode(text)
        if isinstance(header, dict):
            events.check(header)
        return header

    monkeypatch.setattr(client, "_decode", checked)


@pytest.fixture(autouse=True)
def plain_settings(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """No setting from the developer's own environment or process."""
    from mojocell import settings

    places = {"toolchain", "runtime_dir"} if "service" in request.fixturenames else set()
    for key in set(settings.SETTINGS) - places:
        monkeypatch.delenv(f"MOJOCELL_{key.upper()}", raising=False)
    monkeypatch.setattr(settings, "_set", {})


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The real daemon, in directories of this test session; ended with it."""
    import mojocell
    from mojocell.core import client

    base = tmp_path_factory.mktemp("mojocell")
    own = {"MOJOCELL_RUNTIME_DIR": str(base / "run"), "MOJOCELL_CACHE_DIR": str(base / "cache")}
    if "MOJOCELL_TEST_TOOLCHAIN" in os.environ:
        own["MOJOCELL_TOOLCHAIN"] = os.environ["MOJOCELL_TEST_TOOLCHAIN"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        yield base
        with suppress(mojocell.DaemonUnavailable):  # what was asked for alone may have started none
            client.request({"op": "shutdown", "now": True})
        client.close()


@pytest.fixture(scope="session")
def max_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with `mojocell[max]`: MOJOCELL_MAX_PYTHON, or one that is made here."""
    if "MOJOCELL_MAX_PYTHON" in os.environ:
        return Path(os.environ["MOJOCELL_MAX_PYTHON"])
    place = tmp_path_factory.mktemp("max") / "venv"
    wheel = max((ROOT / "build" / "wheels" / "main").glob("*.whl"), default=None)
    wanted = f"mojocell[max] @ {wheel.as_uri()}" if wheel else f"{ROOT}[max]"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    python = place / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", wanted], check=True)
    return python


@pytest.fixture(scope="session")
def max_environment(max_python: Path) -> Path:
    """The `modular` directory of that environment."""
    told = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([max_python, "-c", told], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip()) / "modular"
