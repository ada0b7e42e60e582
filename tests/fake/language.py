"""A scriptable stand-in for mojo-lsp-server.

It reads the last cell of its notebook and obeys comments in it::

    # language: error MESSAGE | name NAME | note MESSAGE | sleep SECONDS
    # language: die | hang | garbage | grow MB | swell MB [once]

`once` means: in the first process that comes to it; who swells does not come to an end. What it is told is in ``language.log`` beside ``bin``.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "language.log"
held: list[bytearray] = []


def note(word: str) -> None:
    with LOG.open("a") as log:
        log.write(f"{word}\n")


def receive() -> dict[str, Any] | None:
    length = 0
    while line := sys.stdin.buffer.readline().strip():
        if line.startswith(b"Content-Length:"):
            length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else None


def send(message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    sys.stdout.buffer.flush()


def directives(text: str) -> list[tuple[int, str, str]]:
    found = []
    for number, line in enumerate(text.split("\n")):
        match = re.search(r"# language: (\w+) ?(.*)$", line)
        if match:
            found.append((number, match[1], match[2]))
    return found


def garbage() -> None:
    sys.stdout.write("what is this\r\n\r\n")
    sys.stdout.flush()
    time.sleep(3600)


def grow(megabytes: str) -> None:
    held.append(bytearray(b"x" * (int(megabytes.split(maxsplit=1)[0]) << 20)))


def swell(megabytes: str) -> None:
    grow(megabytes)
    time.sleep(3600)


FAULTS = {
    "die": lambda _: os._exit(1),
    "hang": lambda _: time.sleep(3600),
    "garbage": lambda _: garbage(),
    "grow": grow,
    "swell": swell,
    "sleep": lambda seconds: time.sleep(float(seconds)),
}


def misbehave(text: str) -> None:
    for _, verb, rest in directives(text):
        if verb not in FAULTS:
            continue
        if rest.endswith("once"):
            if f"{verb}\n" in LOG.read_text():
                continue
            note(verb)
        FAULTS[verb](rest)


def diagnostics(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    lines = text.split("\n")
    for number, verb, rest in directives(text):
        end = lines[number].index("# language")
        where = {
            "start": {"line": number, "character": 0},
            "end": {"line": number, "character": max(end - 2, 1)},
        }
        if verb == "error":
            found.append({"severity": 1, "message": rest, "range": where})
        elif verb == "note":
            location = {"uri": uri, "range": where}
            found[-1].setdefault("relatedInformation", []).append({"message": rest, "location": location})
    return found


def word_at(text: str, where: dict[str, int]) -> str:
    line = text.split("\n")[where["line"]].encode()
    rest = re.match(rb"\w*", line[where["character"] :])
    return rest[0].decode() if rest else ""


def answer(method: str, text: str, params: dict[str, Any]) -> Any:
    if method == "completion":
        return {"items": [{"label": rest, "kind": 3} for _, verb, rest in directives(text) if verb == "name"]}
    if method == "hover":
        word = word_at(text, params["position"])
        value = f"```mojo\n(function) def {word}()\n```\n---\n\nWhat {word} does."
        return {"contents": {"kind": "markdown", "value": value}} if word else None
    return None


note("start")
text = uri = ""
while message := receive():
    method, params = message["method"], message.get("params", {})
    if method == "initialize":
        send({"id": message["id"], "result": {"capabilities": {}}})
    elif method.startswith("notebookDocument/"):
        version = params["notebookDocument"]["version"]
        if method.endswith("didOpen"):
            last = params["cellTextDocuments"][-1]
            uri, text = last["uri"], last["text"]
        else:
            text = params["change"]["cells"]["textContent"][-1]["changes"][0]["text"]
        note(method.rpartition("/")[2])
        misbehave(text)
        published = {"uri": uri, "version": version, "diagnostics": diagnostics(text)}
        send({"method": "textDocument/publishDiagnostics", "params": published})
    elif "id" in message:
        name = method.rpartition("/")[2]
        note(name)
        send({"id": message["id"], "result": answer(name, text, params)})
