#!/bin/sh
# mojo 1.2.0 from PyPI, Python 3.11, Linux. Seen on 2026-11-30.
#
# input() of Mojo takes the last character of what it reads for the line break, whatever it is. A last line of a file or a pipe that
# does not end in one, which is common, loses its last character:
#
#   printf 'last\n' | mojo run:   [last]
#   printf 'last'   | mojo run:   [las]
#
# Python's input() gives "last" for both.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mojo==1.2.0
PATH=$place/venv/bin:$PATH
printf 'def main() raises:\n    print("[" + input() + "]")\n' >"$place/last.mojo"
whole=$(printf 'last\n' | mojo run "$place/last.mojo")
cut=$(printf 'last' | mojo run "$place/last.mojo")
printf 'with a line break: %s\nwithout: %s\n' "$whole" "$cut"
[ "$whole" = "[last]" ] && [ "$cut" = "[las]" ] || {
    echo "changed"
    exit 1
}
echo "as seen"
