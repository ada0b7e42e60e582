"""The extension of Jupyter Server, in a server of this process, as only that can look at its sockets."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

from mojocell import jupyter_server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leaves the handler as it was, and the user's settings alone."""
    monkeypatch.setattr(KernelWebsocketHandler, "open", KernelWebsocketHandler.open)
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


async def nodelay(root: Path, *, enabled: bool) -> list[int]:
    """Open a kernel's websocket and return the option of its socket on the server's side."""
    from jupyter_server.serverapp import ServerApp
    from tornado.websocket import websocket_connect

    sockets: list[int] = []
    before = KernelWebsocketHandler.on_message

    async def looking(self: Any, message: Any) -> None:
        stream = self.ws_connection.stream
        sockets.append(stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await asyncio.sleep(0)
        before(self, message)

    server = ServerApp(ip="127.0.0.1", open_browser=False, allow_root=True, root_dir=str(root))
    server.jpserver_extensions = {"mojocell.jupyter_server": enabled}
    server.initialize(["--IdentityProvider.token=tok"], find_extensions=False)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server.http_server.listen(port, "127.0.0.1")
    kernel = await server.kernel_manager.start_kernel()
    KernelWebsocketHandler.on_message = looking
    try:
        client = await websocket_connect(f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels?token=tok")
        header = {
            "msg_type": "kernel_info_request",
            "msg_id": "1",
            "session": "s",
            "username": "u",
            "version": "5.3",
        }
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": {}, "channel": "shell"}
        await client.write_message(json.dumps(message))
        async with asyncio.timeout(30):
            while not sockets:
                await asyncio.sleep(0.05)
        client.close()
    finally:
        KernelWebsocketHandler.on_message = before
        await server.kernel_manager.shutdown_all()
        server.http_server.stop()
        ServerApp.clear_instance()
    return sockets


def test_websockets_of_kernels_send_at_once_where_it_is_enabled(tmp_path: Path) -> None:
    assert asyncio.run(nodelay(tmp_path, enabled=True)) == [1]


def test_a_server_on_which_it_is_not_enabled_is_as_it_was(tmp_path: Path) -> None:
    assert asyncio.run(nodelay(tmp_path, enabled=False)) == [0]


def test_enabling_twice_changes_nothing_more() -> None:
    app = SimpleNamespace(log=logging.getLogger("test"))
    jupyter_server._load_jupyter_server_extension(app)
    once = KernelWebsocketHandler.open
    jupyter_server._load_jupyter_server_extension(app)
    assert KernelWebsocketHandler.open is once


def test_a_server_of_another_time_is_left_alone_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = SimpleNamespace(log=logging.getLogger("test"))
    monkeypatch.setattr("jupyter_server.services.kernels.websocket.KernelWebsocketHandler", object)
    jupyter_server._load_jupyter_server_extension(app)
    assert "left as they are: this Jupyter Server has others" in caplog.text
    caplog.clear()
    monkeypatch.setitem(sys.modules, "jupyter_server.services.kernels.websocket", None)
    jupyter_server._load_jupyter_server_extension(app)
    assert "left as they are: " in caplog.text


def test_jupyter_enables_it_by_its_name_and_only_then(tmp_path: Path) -> None:
    def said(*words: str) -> str:
        command = [sys.executable, "-m", "jupyter", "server", "extension", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    # `enable` knows what was installed beside the configuration that it writes.
    shipped = ROOT / "ipython_ext" / "jupyter_server_config.d"
    shutil.copytree(shipped, tmp_path / "jupyter_config_dir" / shipped.name)
    assert re.search(r"mojocell.jupyter_server \S*disabled", said("list"))
    assert "Validation failed" not in said("enable", "--user", "mojocell.jupyter_server")
    assert re.search(r"mojocell.jupyter_server \S*enabled", said("list"))
