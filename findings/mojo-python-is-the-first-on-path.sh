#!/bin/sh
# Mojo 1.2.0 from PyPI with CPython 3.11, Linux x86-64. Seen on 2026-11-29.
#
# Which Python `std.python` loads in an executable made by `mojo build`:
#
#   VIRTUAL_ENV=…/b, python3 of a first on PATH   a: VIRTUAL_ENV is not looked at
#   PYTHONEXECUTABLE=…/b/bin/python, the same     a
#   MOJO_PYTHON=…/b/bin/python, the same          b
#
# So does an environment that is used without being activated (a kernel started by the path of its Python, a service) get
# another one's packages, without a word. An interpreter is started by a shell each time, to tell where its library is.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
for name in a b; do python3 -m venv "$place/$name"; done
"$place/a/bin/pip" install -q --disable-pip-version-check mojo==1.2.0
cd "$place"
cat >who.mojo <<'MOJO'
from std.python import Python


def main() raises:
    print(Python.import_module("sys").prefix)
MOJO
PATH=$place/a/bin:$PATH mojo build who.mojo -o who 2>said || { cat said; exit 1; }

system=/usr/bin:/bin
# expect NAME VARIABLE=VALUE …
expect() {
    name=$1
    shift
    got=$(env -i HOME="$place" "$@" ./who)
    printf '%s: %s\n' "$(basename "$got")" "$(printf '%s ' "$@" | sed "s:$place/::g")"
    [ "$got" = "$place/$name" ] || {
        echo "changed: $name was wanted"
        exit 1
    }
}
expect a PATH="$place/a/bin:$system" VIRTUAL_ENV="$place/b"
expect a PATH="$place/a/bin:$system" PYTHONEXECUTABLE="$place/b/bin/python"
expect b PATH="$place/a/bin:$system" MOJO_PYTHON="$place/b/bin/python"
echo "as seen"
