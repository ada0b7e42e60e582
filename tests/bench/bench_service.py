"""The daemon's memory, and twenty clients that start at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from frame import Row, private_place

CLIENT = """
import json, os, sys
import mojocell as mc
from mojocell.core import client
answers = []
for i in range(10):
    word = f"w{(int(sys.argv[1]) + i) % 4}-" + sys.argv[2]
    answers.append([word, mc.run(f'def main():\\n    print("{word}")\\n').stdout])
print(json.dumps([mc.info()["pid"], answers]))
"""


def resident(pid: int) -> float:
    """MiB of memory that is the process's own (anonymous) or of its files."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def fill(entries: int) -> None:
    """Puts entries into the cache: one real artifact under that many sources, so that it takes seconds, not minutes."""
    import mojocell as mc

    for i in range(entries):
        mc.run(f"def main():\n    print({i})\n")


def measure() -> list[Row]:
    import mojocell as mc

    rows = []
    with private_place():
        entries = 100
        fill(entries)
        assert mc.cache.stats()["entries"] >= entries
        pid = mc.info()["pid"]
        rows.append(Row(f"daemon with {entries} entries, resident", resident(pid), "MiB", 12))
        source = "def main():\n    print(0)\n"
        for _ in range(500):
            mc.run(source)
        before = resident(pid)
        for _ in range(10_000):
            mc.run(source)
        rows.append(
            Row(
                "growth over 10,000 cached runs",
                resident(pid) - before,
                "MiB",
                0.25,
                f"from {before:.2f} MiB",
            )
        )
    with private_place():
        nonce = str(time.time_ns())
        words = [[sys.executable, "-c", CLIENT, str(number), nonce] for number in range(20)]
        began = time.perf_counter()
        processes = [subprocess.Popen(word, stdout=subprocess.PIPE, env=os.environ) for word in words]
        results = [json.loads(process.communicate(timeout=300)[0]) for process in processes]
        seconds = time.perf_counter() - began
        daemons = {pid for pid, _ in results}
        wrong = [answer for _, answers in results for answer in answers if answer[1] != answer[0] + "\n"]
        compilations = mc.info()["counters"]["compilations"]
        rows.append(
            Row("daemons of 20 clients at once", len(daemons), "", 1, f"200 requests in {seconds:.1f} s")
        )
        rows.append(Row("compilations of their 4 sources", compilations, "", 4))
        rows.append(Row("wrong answers", len(wrong), "", 0))
    return rows
