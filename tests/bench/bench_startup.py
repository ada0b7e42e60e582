"""What starting costs above an empty Python."""

from __future__ import annotations

import subprocess
import sys
import time

from frame import Row, interleaved, private_place

LOAD = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
{load}
"""


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def measure() -> list[Row]:
    import mojocell as mc

    with private_place():
        source = f"def main():\n    print({time.time_ns()})\n"
        mc.run(source)
        empty = "pass"
        hit = f"import mojocell as mc; r = mc.run({source!r}); assert r.cache == 'hit', r.cache"
        rows = []
        pair = interleaved(lambda: python("import mojocell"), lambda: python(empty), runs=21, warmup=2)
        rows.append(
            Row("import mojocell above python -c pass", pair.difference * 1e3, "ms", 60, pair.detail(), 21)
        )
        with_load = LOAD.format(load="shell.run_line_magic('load_ext', 'mojocell')")
        pair = interleaved(lambda: python(with_load), lambda: python(LOAD.format(load="")), runs=11)
        rows.append(
            Row(
                "%load_ext mojocell above the same shell without",
                pair.difference * 1e3,
                "ms",
                100,
                pair.detail(),
                11,
            )
        )
        pair = interleaved(lambda: python(hit), lambda: python(empty), runs=21, warmup=2)
        rows.append(
            Row(
                "new process, hit and result above python -c pass",
                pair.difference * 1e3,
                "ms",
                60,
                pair.detail(),
                21,
            )
        )
        return rows
