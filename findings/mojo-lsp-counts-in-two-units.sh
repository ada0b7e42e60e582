#!/bin/sh
# mojo 1.2.0 from PyPI (mojo-lsp-server), Python 3.11, Linux x86-64. Seen on 2026-11-30.
#
# Mojo's language server counts the characters of a line in two ways at once, and says nothing of either: `positionEncoding` is absent
# from its capabilities, whatever a client offers, which by the protocol means UTF-16 for all positions. But what it tells, and where it is
# asked, are bytes of UTF-8; only the range of an incremental edit is UTF-16. In
#
#     print("äö😀日本", undefd, 1)
#
# `undefd` is at code point 19, UTF-16 unit 20, byte 28. The diagnostic is at 28, and an edit that puts `other` there is right at 20 and
# would damage the line at 28. The diagnostic after the edit is at 28 again.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mojo==1.2.0
cat >"$place/positions.py" <<'PYTHON'
import json, os, queue, subprocess, sys, threading, sysconfig
# The server counts characters in two units.
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
capabilities = until(lambda m: m.get("id") == 1)["result"]["capabilities"]
print("positionEncoding:", capabilities.get("positionEncoding"))
send(method="initialized", params={})
uri = "file:///tmp/place.mojo"
text = 'def main():\n    print("äö😀日本", undefd, 1)\n'
line = text.splitlines()[1]; before = line[: line.index("undefd")]
print("code points, UTF-16, UTF-8:", len(before), len(before.encode("utf-16-le")) // 2, len(before.encode()))
send(method="textDocument/didOpen", params={"textDocument": {"uri": uri, "languageId": "mojo", "version": 1, "text": text}})
def diagnostics(version):
    message = until(lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"].get("version") == version)
    return [(d["range"]["start"]["character"], d["message"]) for d in message["params"]["diagnostics"]]
found = diagnostics(1); print("diagnostic at", found)
def edit(version, at):
    send(method="textDocument/didChange", params={"textDocument": {"uri": uri, "version": version}, "contentChanges": [
        {"range": {"start": {"line": 1, "character": at}, "end": {"line": 1, "character": at + 6}}, "text": "other"}]})
    return diagnostics(version)
changed = edit(2, len(before.encode("utf-16-le")) // 2); print("after an edit there, counted in UTF-16:", changed)
send(id=9, method="shutdown"); until(lambda m: m.get("id") == 9); send(method="exit"); server.wait(20)
ok = capabilities.get("positionEncoding") is None and found and found[0][0] == len(before.encode()) and changed and "other" in changed[0][1]
sys.exit(0 if ok else 1)
PYTHON
"$place/venv/bin/python" "$place/positions.py" || {
    echo "changed"
    exit 1
}
echo "as seen"
