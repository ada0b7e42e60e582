#!/bin/sh
# marimo 0.25.2 with uv 0.13.9 and ruff 0.17.6, all installed from PyPI. Seen on 2026-11-29.
#
# `marimo export html-wasm` looks for the local modules of a notebook with `uv tool run --from ruff==0.15.18`: a ruff of
# that one version, from uv's cache or from a network, whatever ruff stands beside marimo, and also for a notebook that
# imports nothing. So an installation from wheels alone exports nothing as long as uv is offline:
#
#   offline, ruff 0.17.6 installed:  status 1, "Failed to analyze local imports with Ruff"
#   online once:                     status 0
#   offline again:                   status 0, out of uv's cache
#
# The other exports (html, script, md) need neither uv nor ruff.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check marimo==0.25.2 uv==0.13.9 ruff==0.17.6
PATH=$place/venv/bin:$PATH
export PATH HOME="$place" UV_CACHE_DIR="$place/uv" XDG_CONFIG_HOME="$place/config"
cd "$place"
cat >page.py <<'PY'
import marimo

app = marimo.App()


@app.cell
def _():
    x = 6 * 7
    return (x,)
PY

fail() {
    echo "changed: $*"
    exit 1
}
export_page() { marimo -q -y export html-wasm page.py -o page --mode run --no-sandbox -f >said 2>&1; }

UV_OFFLINE=1 export_page && fail "the export works offline with an empty cache of uv"
grep -q "Failed to analyze local imports with Ruff" said || fail "$(cat said)"
export_page || fail "the export fails online: $(cat said)"
UV_OFFLINE=1 export_page || fail "the export fails offline with what uv fetched: $(cat said)"
UV_OFFLINE=1 UV_CACHE_DIR=$place/empty marimo -q -y export html page.py -o page.html -f >said 2>&1 || fail "$(cat said)"
echo "as seen: the first export fails, the others work"
