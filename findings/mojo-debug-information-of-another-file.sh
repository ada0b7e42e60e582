#!/bin/sh
# Mojo 1.2.0 from PyPI, Linux x86-64. Seen on 2026-11-29.
#
# The compiler keeps what it has compiled in a cache of its own, and what it looks up does not contain the file's name, the
# lines, or the names of variables. Two files that differ in nothing else are one entry, with the debug information of
# whichever was compiled first. Built with -g1 after first.mojo, the executable of second.mojo names first.mojo alone:
#
#   home of its own:        second's debug information names  second.mojo
#   after first.mojo:       second's debug information names  first.mojo
#
# Line numbers of a backtrace or a debugger are then those of another file, and nothing tells. A comment or a blank line more
# in a file that one edits is enough to get the lines of before.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mojo==1.2.0
PATH=$place/venv/bin:$PATH
cd "$place"
cat >first.mojo <<'MOJO'
def area(width: Int, height: Int) -> Int:
    var product = width * height
    return product


def main():
    print(area(6, 7))
MOJO
cat >second.mojo <<'MOJO'




def area(width: Int, height: Int) -> Int:

    var result = width * height

    return result


def main():
    print(area(6, 7))
MOJO

# files HOME SOURCE: builds it with debug information and prints which of the two that names.
files() {
    mkdir -p "$1"
    HOME=$1 mojo build -g1 "$2.mojo" -o "$2" 2>said || { cat said; exit 1; }
    [ "$(./"$2")" = 42 ] || { echo "changed: $2 prints something else"; exit 1; }
    grep -a -o -E '(first|second)\.mojo' "$2" | sort -u | tr '\n' ' '
}
alone=$(files "$place/alone" second)
first=$(files "$place/both" first)
after=$(files "$place/both" second)
printf 'second alone: %s\nfirst: %s\nsecond after first: %s\n' "$alone" "$first" "$after"
[ "$alone" = "second.mojo " ] && [ "$first" = "first.mojo " ] && [ "$after" = "first.mojo " ] || {
    echo "changed"
    exit 1
}
echo "as seen: the debug information is that of the file compiled first"
