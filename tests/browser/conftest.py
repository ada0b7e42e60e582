"""Servers of JupyterLab and of marimo, and a browser of one's own for each test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import PATIENCE, ROOT, await_stats, environment, stats

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Lab:
    """A running JupyterLab: where it is, and the directory it serves."""

    url: str
    directory: Path

    def open(self, page, name: str) -> None:
        """Shows a notebook and waits until its kernel is idle."""
        page.goto(f"{self.url}/lab/tree/{name}?token=tok&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        idle = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
        page.wait_for_selector(idle, state="attached")
        page.wait_for_timeout(2000)  # key presses right after a cold start are dropped

    def _env(self) -> dict[str, str]:
        own = {"RUNTIME_DIR": self.directory / "run", "CACHE_DIR": self.directory / ".cache"}
        return os.environ | {f"MOJOCELL_{name}": str(value) for name, value in own.items()}

    def stats(self) -> dict[str, int]:
        """The counters of the daemon that its kernels have."""
        return stats(self._env())

    def await_stats(self, condition: Callable[[dict[str, int]], bool]) -> dict[str, int]:
        return await_stats(self._env(), condition)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    directory = tmp_path_factory.mktemp("lab")
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, directory)
    port = free_port()
    env = os.environ | {
        "JUPYTER_CONFIG_DIR": str(directory / ".config"),
        "JUPYTER_PATH": str(directory / ".kernels" / "share" / "jupyter"),
        "IPYTHONDIR": str(directory / ".ipython"),
        "MOJOCELL_RUNTIME_DIR": str(directory / "run"),
        "MOJOCELL_CACHE_DIR": str(directory / ".cache"),
    }
    words = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip", "127.0.0.1"]
    words += ["--port", str(port), "--IdentityProvider.token=tok", f"--ServerApp.root_dir={directory}"]
    log = (directory / "lab.log").open("wb")
    server = subprocess.Popen(words, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 90
    while not answers(f"{url}/api?token=tok"):
        assert server.poll() is None, (directory / "lab.log").read_text()
        assert time.monotonic() < end, (directory / "lab.log").read_text()
        time.sleep(0.2)
    yield Lab(url, directory)
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    log.close()
    shut_down(directory / "run")


def shut_down(runtime_dir: Path) -> None:
    """Ends the daemon of that directory, where there is one; the environment stays what it was."""
    from mojocell import DaemonUnavailable
    from mojocell.core import client

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(DaemonUnavailable):
        patch.setenv("MOJOCELL_RUNTIME_DIR", str(runtime_dir))
        client.request({"op": "shutdown", "now": True})
        client.close()


@dataclass
class Marimo:
    """A running marimo server: where it is, its process, and what it wrote."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def open(self, page, selector: str) -> None:
        """Shows the notebook and waits until something stands in its page."""
        page.goto(self.url)
        page.wait_for_selector(selector)


@pytest.fixture(scope="session")
def marimo_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A daemon and a cache for all servers of marimo."""
    directory = tmp_path_factory.mktemp("marimo")
    yield directory
    shut_down(directory / "run")


@pytest.fixture
def marimo(marimo_place: Path, tmp_path: Path) -> Iterator[Callable[..., Marimo]]:
    """Starts servers, each of its own copy of a notebook."""
    servers: list[subprocess.Popen[bytes]] = []

    def start(mode: str, notebook: Path | str, *options: str) -> Marimo:
        file = tmp_path / f"{mode}.py"
        if isinstance(notebook, Path):
            shutil.copy(notebook, file)
        else:
            file.write_text(notebook)
        port = free_port()
        words = [sys.executable, "-m", "marimo", "-q", mode, "--headless", "--no-token", "--port", str(port)]
        words += ["--skip-update-check"] if mode == "edit" else []
        log = tmp_path / f"{mode}.log"
        with log.open("wb") as target:
            server = subprocess.Popen(
                [*words, *options, file.name],
                cwd=tmp_path,
                env=environment(marimo_place),
                stdout=target,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        servers.append(server)
        url = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 60
        while not answers(f"{url}/health"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        return Marimo(f"{url}/", server, log)

    yield start
    for server in servers:
        end_of(server)


def end_of(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[object]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)

    with sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=CHROMIUM,
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 1000},
        )
        context.set_default_timeout(PATIENCE)
        yield context.pages[0]
        context.close()
