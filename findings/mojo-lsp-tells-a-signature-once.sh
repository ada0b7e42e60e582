#!/bin/sh
# mojo 1.2.0 from PyPI (mojo-lsp-server), Python 3.11, Linux x86-64. Seen on 2026-11-30.
#
# In a notebook document (notebookDocument/didOpen) Mojo's language server answers signatureHelp once. The same question at the same place of
# the same version, with nothing else said in between, then gets an empty list of signatures; now and then the signature comes again:
#
#   print(area(|))   ['def area(r: Float64, s: Float64) -> Float64'], [], [], [], [], []
#
# No error is said, and nothing tells it from "there is no call here".
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mojo==1.2.0
cat >"$place/signatures.py" <<'PYTHON'
import json, os, queue, subprocess, sys, threading, sysconfig
root = os.path.join(sysconfig.get_path("purelib"), "modular")
env = {**os.environ, "MODULAR_MAX_PACKAGE_ROOT": root, "MODULAR_MOJO_MAX_PACKAGE_ROOT": root,
       "MODULAR_MOJO_MAX_DRIVER_PATH": f"{root}/bin/mojo", "MODULAR_MOJO_MAX_IMPORT_PATH": f"{root}/lib/mojo"}
server = subprocess.Popen([f"{root}/bin/mojo-lsp-server", "--log=error"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env=env)
said = queue.Queue()
def listen():
    while line := server.stdout.readline():
        length = 0
        while line.strip():
            if line.lower().startswith(b"content-length:"): length = int(line.split(b":")[1])
            line = server.stdout.readline()
        said.put(json.loads(server.stdout.read(length)))
threading.Thread(target=listen, daemon=True).start()
def send(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body); server.stdin.flush()
def until(wanted):
    while True:
        message = said.get(timeout=60)
        if wanted(message): return message
send(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {"general": {"positionEncodings": ["utf-16", "utf-8"]}}})
until(lambda m: m.get("id") == 1)
send(method="initialized", params={})
book, cell = "file:///tmp/book.ipynb", "vscode-notebook-cell:/tmp/book.ipynb#a"
text = "def area(r: Float64, s: Float64) -> Float64:\n    return r * s\n\nprint(area())\n"
send(method="notebookDocument/didOpen", params={
    "notebookDocument": {"uri": book, "notebookType": "jupyter-notebook", "version": 1, "cells": [{"kind": 2, "document": cell}]},
    "cellTextDocuments": [{"uri": cell, "languageId": "mojo", "version": 1, "text": text}]})
until(lambda m: m.get("method") == "textDocument/publishDiagnostics")
answers = []
for number in range(2, 8):
    send(id=number, method="textDocument/signatureHelp",
         params={"textDocument": {"uri": cell}, "position": {"line": 3, "character": 11}})
    answers.append([one["label"] for one in (until(lambda m: m.get("id") == number)["result"] or {}).get("signatures", [])])
    print(answers[-1])
send(id=9, method="shutdown"); until(lambda m: m.get("id") == 9); send(method="exit"); server.wait(20)
sys.exit(0 if answers[0] and [] in answers else 1)
PYTHON
"$place/venv/bin/python" "$place/signatures.py" || {
    echo "changed"
    exit 1
}
echo "as seen"
