"""Cached programs against the executable, fresh compilations against the compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from frame import Row, interleaved, private_place

PROGRAM = """
def fibonacci(n: Int) -> Int:
    var a = 0
    var b = 1
    for _ in range(n):
        var c = a + b
        a = b
        b = c
    return a

def main():
    print(fibonacci(10), "{nonce}")
"""

#: 6,000 lines: the two streams take turns, or one comes after the other.
BY_TURNS = """
from std.ffi import external_call
from std.sys import argv, stderr
def main():
    for i in range(3000):
        print("out", i)
        print("err", i, file=stderr)
"""
IN_BLOCKS = BY_TURNS.replace('        print("err"', '    for i in range(3000):\n        print("err"')
#: What it starts could write as well.
CHILD = """
    if len(argv()) > 1:
        _ = external_call["system", Int32](StaticString("true").unsafe_ptr())
"""


def compiler() -> tuple[str, dict[str, str]]:
    """The compiler's own binary and the environment in which pip's script starts it."""
    import mojocell as mc

    toolchain = mc.info()["toolchain"]
    root = toolchain["root"]
    env = {key: value for key, value in os.environ.items() if not key.startswith("MODULAR_")}
    env |= {
        "MODULAR_MAX_PACKAGE_ROOT": root,
        "MODULAR_MOJO_MAX_PACKAGE_ROOT": root,
        "MODULAR_MOJO_MAX_DRIVER_PATH": f"{root}/bin/mojo",
        "MODULAR_MOJO_MAX_IMPORT_PATH": f"{root}/lib/mojo",
    }
    return f"{root}/bin/mojo", env


def order() -> list[Row]:
    """What it costs that lines on two streams arrive in the order in which they were written."""
    import mojocell as mc

    rows = []
    for what, more in (("6,000 lines", ""), ("the same where children may write", CHILD)):
        turns, blocks = BY_TURNS + more, IN_BLOCKS + more
        assert len(mc.run(turns).output) == 6000
        pair = interleaved(lambda t=turns: mc.run(t), lambda b=blocks: mc.run(b), runs=100, warmup=3, block=5)
        rows.append(
            Row(f"{what} by turns / stream after stream", pair.ratio, "ratio", None, pair.detail(), 100)
        )
    return rows


def measure() -> list[Row]:
    import mojocell as mc

    with private_place() as place:
        mojo, env = compiler()
        rows = []
        if not shutil.which("cc"):
            sys.exit(
                "this benchmark builds the peer's executable with the compiler's own linker call: install gcc"
            )
        source = PROGRAM.format(nonce=time.time_ns())
        file = place / "peer.mojo"
        file.write_text(source)
        executable = place / "peer"
        subprocess.run([mojo, "build", "-o", executable, file], env=env, check=True, capture_output=True)
        expected = mc.run(source).stdout
        assert subprocess.run([executable], capture_output=True, text=True, check=True).stdout == expected
        for how, block, most in (("again and again", 10, 0.15), ("after one of the other", 1, 0.15)):
            pair = interleaved(
                lambda: mc.run(source),
                lambda: subprocess.run([executable], capture_output=True, text=True, check=True),
                runs=200,
                warmup=5,
                block=block,
            )
            what = f"cached program / subprocess.run of its executable, {how}"
            rows.append(Row(what, pair.ratio, "ratio", most, pair.detail(), 200))

        rows += order()

        def fresh() -> None:
            mc.run(PROGRAM.format(nonce=time.time_ns()))

        def direct() -> None:
            file.write_text(PROGRAM.format(nonce=time.time_ns()))
            subprocess.run([mojo, "build", "-o", executable, file], env=env, check=True, capture_output=True)
            subprocess.run([executable], check=True, capture_output=True)

        pair = interleaved(fresh, direct, runs=9)
        rows.append(
            Row(
                "fresh compile and run / the compiler called directly",
                pair.ratio,
                "ratio",
                1.05,
                pair.detail(),
                9,
            )
        )
        return rows


if __name__ == "__main__":
    print(Path(__file__).name, "is run by the package: python tests/bench programs")
