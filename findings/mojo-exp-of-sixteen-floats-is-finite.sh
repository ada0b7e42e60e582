#!/bin/sh
# mojo 1.2.0 from PyPI, Linux x86-64 with AVX-512. Seen on 2026-11-30.
#
# std.math.exp of infinity, minus infinity and NaN depends on how many Float32 it is given at once. Up to 8 it is what the scalar gives; the
# vector of 16, one register of AVX-512, has finite numbers instead, without a flag or an error:
#
#   x      1     2     4     8     16 at once
#   inf    inf   inf   inf   inf   2.4061615e+38
#   -inf   0.0   0.0   0.0   0.0   4.156028e-39
#   nan    inf   inf   inf   inf   2.4061615e+38
#
# The same text compiled for a processor without AVX-512 (--target-cpu x86-64) gives inf, 0.0 and inf at each width. Finite arguments agree.
set -eu
grep -q avx512f /proc/cpuinfo || {
    echo "this processor has no AVX-512: nothing to see here"
    exit 0
}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mojo==1.2.0
cat >"$place/widths.mojo" <<'MOJO'
from std.math import exp
from std.utils.numerics import inf, nan

def first[W: SIMDLength](x: Float32) -> Float32:
    return exp(SIMD[DType.float32, W](x))[0]

def main():
    for x in [inf[DType.float32](), -inf[DType.float32](), nan[DType.float32](), Float32(1.0)]:
        print(x, first[1](x), first[2](x), first[4](x), first[8](x), first[16](x))
MOJO
for cpu in x86-64-v4 x86-64; do
    "$place/venv/bin/mojo" build --target-cpu "$cpu" -o "$place/$cpu" "$place/widths.mojo"
    echo "$cpu"
    "$place/$cpu" | tee "$place/$cpu.txt"
done
cat >"$place/with" <<'SEEN'
inf inf inf inf inf 2.4061615e+38
-inf 0.0 0.0 0.0 0.0 4.156028e-39
nan inf inf inf inf 2.4061615e+38
1.0 2.7182817 2.7182817 2.7182817 2.7182817 2.7182817
SEEN
cat >"$place/without" <<'SEEN'
inf inf inf inf inf inf
-inf 0.0 0.0 0.0 0.0 0.0
nan inf inf inf inf inf
1.0 2.7182817 2.7182817 2.7182817 2.7182817 2.7182817
SEEN
if ! cmp "$place/x86-64-v4.txt" "$place/with" || ! cmp "$place/x86-64.txt" "$place/without"; then
    echo "changed"
    exit 1
fi
echo "as seen"
