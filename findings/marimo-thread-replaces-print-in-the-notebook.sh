#!/bin/sh
# marimo 0.25.2 and numba from PyPI. Seen on 2026-11-30.
#
# Making a mo.Thread in one cell, without starting it, gives every cell of the notebook another `print`: marimo's kernel puts
# a Python function of that name among the notebook's globals, so that what a thread prints goes to its cell. It stays there.
# For people nothing changes; what looks at the function does: numba compiles a cell's `print("x")` before, and refuses it
# afterwards, because it knows the builtin alone. So a library that uses mo.Thread for its own purposes changes what its
# caller's cells mean.
#
#   before:  print is builtins.print: True,  numba compiles it
#   after:   print is builtins.print: False, TypingError
#
# Threads of `threading` do not do it, and neither does mo.Thread in a notebook that runs as a script: there nothing is replaced.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check marimo==0.25.2 numba
PATH=$place/venv/bin:$PATH
export PATH HOME="$place" XDG_CONFIG_HOME="$place/config"
cd "$place"
cat >page.py <<'PY'
import marimo

app = marimo.App()


@app.cell
def _():
    import builtins
    import threading

    import marimo as mo
    import numba

    def tell(when):
        @numba.njit
        def greet():
            print("x")

        try:
            greet()
            compiled = "compiles"
        except numba.TypingError:
            compiled = "TypingError"
        with open("seen", "a") as file:
            file.write(f"{when}: {print is builtins.print} {compiled}\n")

    return mo, tell, threading


@app.cell
def _(tell, threading):
    tell("at first")
    threading.Thread(target=id, args=(1,))
    tell("threading.Thread")
    first = True
    return (first,)


@app.cell
def _(first, mo):
    assert first
    thread = mo.Thread(target=id, args=(1,))
    return (thread,)


@app.cell
def _(tell, thread):
    assert thread is not None
    tell("mo.Thread")
    return


if __name__ == "__main__":
    app.run()
PY

fail() {
    echo "changed: $*"
    exit 1
}
marimo -q -y export html page.py -o page.html -f >said 2>&1 || fail "$(cat said)"
cat seen
printf 'at first: True compiles\nthreading.Thread: True compiles\nmo.Thread: False TypingError\n' | cmp -s - seen || fail "$(cat seen)"
rm seen
python page.py >said 2>&1 || fail "$(cat said)"
printf 'at first: True compiles\nthreading.Thread: True compiles\nmo.Thread: True compiles\n' | cmp -s - seen || fail "as a script: $(cat seen)"
echo "as seen: mo.Thread replaces print, in the kernel alone"
