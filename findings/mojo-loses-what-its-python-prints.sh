#!/bin/sh
# Mojo 1.2.0 from PyPI with CPython 3.11, Linux x86-64. Seen on 2026-11-30.
#
# A program of Mojo may load a Python (std.python) and print with it. That Python buffers what goes to a pipe or a file, and nothing lets it
# write its buffer when the program ends: Mojo's runtime does not finalize it. The program ends with status 0, and:
#
#   mojo run a.mojo | cat                        "mojo"           what Python printed is lost
#   PYTHONUNBUFFERED=1 mojo run a.mojo | cat     "python", "mojo"
#
# The same for what `mojo build` makes. A terminal hides it, and so does a continuous integration that sets PYTHONUNBUFFERED.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mojo==1.2.0
cat >"$place/a.mojo" <<'MOJO'
from std.python import Python


def main() raises:
    Python.import_module("builtins").print("python")
    print("mojo")
MOJO
ask() { env "$@" HOME="$place" MOJO_PYTHON="$(command -v python3)" "$place/venv/bin/mojo" run "$place/a.mojo" | cat; }
plain=$(ask -u PYTHONUNBUFFERED)
unbuffered=$(ask PYTHONUNBUFFERED=1)
"$place/venv/bin/mojo" build "$place/a.mojo" -o "$place/a"
built=$(env -u PYTHONUNBUFFERED MOJO_PYTHON="$(command -v python3)" "$place/a" | cat)
printf 'run: %s\nrun, unbuffered: %s\nbuilt: %s\n' "$plain" "$unbuffered" "$built"
[ "$plain" = mojo ] && [ "$built" = mojo ] && [ "$unbuffered" = "python
mojo" ] || {
    echo "changed"
    exit 1
}
echo "as seen"
