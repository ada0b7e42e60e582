#!/bin/sh
# pyarrow 26.0.1, numpy 1.26.4, polars 2.1.0 from PyPI, Python 3.11. Seen on 2026-11-29.
#
# pyarrow 26 asks for no version of NumPy in its metadata, so that pip installs it beside NumPy 1.26 and `pip check` is
# content; `import pyarrow` then raises ImportError: "pyarrow requires NumPy 2.0 or newer, found 1.26.4". Without any NumPy
# the import works. polars 2.1 runs with either. An environment that is held at NumPy 1.26 by something else loses pyarrow
# with its next upgrade, where it is imported, not where it is installed.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
fail() {
    echo "changed: $*"
    exit 1
}
python3 -m venv "$place/venv"
python=$place/venv/bin/python
"$python" -m pip install -q --disable-pip-version-check pyarrow==26.0.1 polars==2.1.0
"$python" -c 'import pyarrow; print(pyarrow.array([1, 2]).sum())' >/dev/null || fail "without NumPy the import fails"
"$python" -m pip install -q --disable-pip-version-check numpy==1.26.4 || fail "pip refuses"
"$python" -m pip check >/dev/null || fail "pip check is not content"
"$python" -c 'import pyarrow' 2>"$place/said" && fail "the import works"
grep -q "ImportError: pyarrow requires NumPy 2.0 or newer, found 1.26.4" "$place/said" || fail "$(tail -n 1 "$place/said")"
"$python" -c 'import polars; print(polars.Series([1, 2]).to_numpy().sum())' >/dev/null || fail "polars fails"
tail -n 1 "$place/said"
echo "as seen: installed, and refused when it is imported"
