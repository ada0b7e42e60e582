#!/bin/sh
# Mojo 1.2.0 from PyPI with CPython 3.11, Linux x86-64. Seen on 2026-11-30.
#
# std.math's exp of a Float64 is not that of a C library: of sixteen digits nine to twelve are right, and what is no number, or none that
# can be written, comes out as another one. No page of Mojo's says so, and no warning is given.
#
#   exp(0.5)             1.6487212707005936      the C library: 1.6487212707001282
#   exp(20.5)            799902177.4822811       the C library: 799902177.4755054
#   exp(nan), exp2(nan)  inf                     nan
#   tanh(nan)            1.0                     nan
#   sinh(inf)            nan                     inf
#
# sin, cos, log and erf are good to the last digit. exp of the C library is an external_call away.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mojo==1.2.0
cat >"$place/a.mojo" <<'MOJO'
from std.ffi import external_call
from std.math import exp, exp2, sinh, tanh
from std.utils.numerics import inf, nan


def main() raises:
    var half = atof("0.5")
    var more = atof("20.5")
    print(exp(half), external_call["exp", Float64](half))
    print(exp(more), external_call["exp", Float64](more))
    print(exp(nan[DType.float64]()), exp2(nan[DType.float64]()), tanh(nan[DType.float64]()), sinh(inf[DType.float64]()))
MOJO
said=$(HOME="$place" "$place/venv/bin/mojo" run "$place/a.mojo")
printf '%s\n' "$said"
[ "$said" = "1.6487212707005936 1.6487212707001282
799902177.4822811 799902177.4755054
inf inf 1.0 nan" ] || {
    echo "changed"
    exit 1
}
echo "as seen"
