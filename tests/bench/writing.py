"""What somebody who writes a cell waits for: errors, names, help; through a kernel, as a front end asks.

A front end asks some time after the last key: the pauses of JupyterLab's extension are counted in.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

from frame import Pair, Row

ROUNDS = 9
STILL = 1.5  # s
QUICK, WHOLE = 0.04, 0.12  # s behind the last key: PAUSES of the extension
CELLS, EDITS = 40, 3

#: A bracket, what the scanner knows to be wrong, an option.
WRONG = (
    "%%mojo\nprint((1)",
    "%%mojo\ndef main():\n    pass\nprint(1)",
    "%%mojo --timeoot 3\nprint(1)",
)

_numbers = itertools.count(1)


class Writer:
    """Asks a kernel as JupyterLab does while somebody types."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.comm = uuid.uuid4().hex
        self._send("comm_open", target_name="mojocell.writing", data={})

    def _send(self, kind: str, **content: Any) -> None:
        message = self.client.session.msg(kind, {"comm_id": self.comm, **content})
        self.client.shell_channel.send(message)

    def check(self, text: str, *, quick: bool = False, cell: str = "written") -> list[dict[str, Any]]:
        """Return what is wrong with a cell."""
        number = next(_numbers)
        last = text.split("\n")
        place = {"line": len(last), "column": len(last[-1]) + 1}
        self._send(
            "comm_msg",
            data={"op": "check", "number": number, "cell": cell, "text": text, "quick": quick, **place},
        )
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            data = message["content"].get("data", {})
            if message["header"]["msg_type"] == "comm_msg" and data.get("number") == number:
                return list(data.get("diagnostics", ()))  # none where the server had no time

    def reply(self, request: str) -> dict[str, Any]:
        """Return the reply to a request."""
        while True:
            message = self.client.get_shell_msg(timeout=60)
            if message["parent_header"].get("msg_id") == request:
                return dict(message["content"])


class Bare:
    """Mojo's language server by itself, with one document."""

    def __init__(self, place: Path) -> None:
        import mojocell

        root = mojocell.info()["toolchain"]["root"]
        place.mkdir(exist_ok=True)
        env = {
            "MAX_PACKAGE_ROOT": root,
            "MOJO_MAX_PACKAGE_ROOT": root,
            "MOJO_MAX_DRIVER_PATH": f"{root}/bin/mojo",
            "MOJO_MAX_IMPORT_PATH": f"{root}/lib/mojo",
        }
        self._server = subprocess.Popen(
            [f"{root}/bin/mojo-lsp-server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {f"MODULAR_{name}": value for name, value in env.items()},
            cwd=place,
        )
        self._uri = (place / "bare.mojo").as_uri()
        self._version = 0
        self._say("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, number=1)
        while self._hear().get("id") != 1:
            pass
        self._say("initialized", {})

    def _say(self, method: str, parameters: dict[str, Any], number: int | None = None) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": parameters}
        body = json.dumps(message if number is None else {**message, "id": number}).encode()
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._server.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        length = 0
        while line := self._server.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return dict(json.loads(self._server.stdout.read(length)))

    def check(self, text: str) -> int:
        """Change the document; return how much is wrong with it."""
        self._version += 1
        known = {"uri": self._uri, "version": self._version}
        if self._version == 1:
            self._say("textDocument/didOpen", {"textDocument": {**known, "languageId": "mojo", "text": text}})
        else:
            change = {"textDocument": known, "contentChanges": [{"text": text}]}
            self._say("textDocument/didChange", change)
        while True:
            heard = self._hear()
            if heard.get("method") == "textDocument/publishDiagnostics":
                said = heard["params"]
                if said.get("version", self._version) == self._version:
                    return len(said["diagnostics"])

    def end(self) -> None:
        """End it."""
        self._server.kill()
        self._server.wait()


def milliseconds(what: str, times: list[float], target: float) -> Row:
    """A row of times."""
    shown = f"from {min(times) * 1e3:.3g} to {max(times) * 1e3:.3g}"
    return Row(what, statistics.median(times) * 1e3, "ms", target, shown, len(times))


def asked(writer: Writer, text: str, kind: str) -> list[float]:
    """Seconds until Tab or Shift-Tab show something behind a text that has stood still; `|` is where the cursor is.

    Where the server has not read it by then they are pressed again.
    """
    times = []
    for _ in range(ROUNDS):
        before, _, after = text.replace("NUMBER", str(next(_numbers))).partition("|")
        writer.check(before + after)
        time.sleep(STILL)
        began, reply = time.perf_counter(), {}
        while not (reply.get("matches") or reply.get("found")):
            reply = writer.reply(getattr(writer.client, kind)(before + after, len(before)))
        times.append(time.perf_counter() - began)
    return times


def told_at_once(writer: Writer) -> list[float]:
    """Seconds from the last key to an error that no language server has to find."""
    times = []
    for text in (
        "%%mojo\nprint((1)",
        "%%mojo\ndef main():\n    pass\nprint(1)",
        "%%mojo --timeoot 3\nprint(1)",
    ):
        for _ in range(ROUNDS):
            began = time.perf_counter()
            time.sleep(QUICK)
            assert writer.check(text, quick=True)
            times.append(time.perf_counter() - began)
    return times


def underlined(writer: Writer, place: Path) -> Row:
    """From the last key to the error, above what the server by itself takes for the same change."""
    bare = Bare(place / "bare")
    pair = Pair([], [])
    try:
        bare.check("def main():\n    print(1)\n")
        for number in range(ROUNDS + 1):
            began = time.perf_counter()
            time.sleep(WHOLE)
            assert writer.check(f"%%mojo\nvar x = {next(_numbers)}\nprint(x, nothing)")
            took = time.perf_counter() - began
            began = time.perf_counter()
            assert bare.check(f"def main():\n    var x = {next(_numbers)}\n    print(x, nothing)\n")
            own = time.perf_counter() - began
            if number:  # the first ones start
                pair.subject.append(took)
                pair.peer.append(own)
    finally:
        bare.end()
    what = "an error underlined, above the language server's own time"
    return Row(what, pair.difference * 1e3, "ms", 150, pair.detail(), ROUNDS)


def memory(writer: Writer) -> Row:
    """A day's editing: each of 40 cells written in three steps, none of them a text that was there before."""
    from mojocell.core import client

    most, replaced = 0, set()
    for number in range(CELLS):
        text = "%%mojo\n"
        for edit in range(EDITS):
            text += f"var x{edit} = {next(_numbers)}\nprint(x{edit})\n"
            writer.check(text, cell=f"day{number}")
            servers = client.request({"op": "info"})["languages"]
            most = max(most, sum(one["rss"] for one in servers))
            replaced |= {one["pid"] for one in servers}
    shown = f"{CELLS * EDITS} texts, {len(replaced)} server(s)"
    return Row("the language server's memory over the editing of 40 cells", most / 1e6, "MB", 400, shown)


def rows(client: Any, place: Path) -> list[Row]:
    """Measure it in a kernel that has the magics."""
    writer = Writer(client)
    writer.check("%%mojo\nprint(1)")
    members = "%%mojo\nvar xs: List[Int] = [NUMBER]\nxs.ap|"
    called = "%%mojo\nvar x: Float64 = NUMBER\nprint(ro|und(x))"
    return [
        milliseconds("Tab, the text before it still for 1.5 s", asked(writer, members, "complete"), 100),
        milliseconds("Shift-Tab, the text still for 1.5 s", asked(writer, called, "inspect"), 100),
        milliseconds("an error that needs no server, from the last key", told_at_once(writer), 100),
        underlined(writer, place),
        memory(writer),
    ]
