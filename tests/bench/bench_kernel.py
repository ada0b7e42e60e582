"""What a reader of a notebook waits for when a cell is stopped, and after one has crashed."""

from __future__ import annotations

import statistics
import time
from typing import Any

from frame import Row, private_place

ROUNDS = 15
AT_MOST = 150  # ms

LOAD = "%load_ext mojocell"
LOOP = """%%mojo
def main():
    print("begun")
    var a = 1
    while a >= 0:
        a = (a + 1) % 1000003
"""
FUNCTIONS = """
import mojocell as mc
module = mc.compile('''
def crash(n: Int) -> Int:
    var x = [1, 2, 3]
    return x[n]

def next_int(n: Int) -> Int:
    return n + 1
''', mode={mode!r})
module.next_int(1)
"""
CRASH = """
try:
    module.crash(7)
except mc.MojoCrash:
    print("crashed")
"""


def shown(message: dict[str, Any]) -> str:
    """Return the text that an output message has."""
    return str(message["content"].get("text", ""))


def execute(client: Any, code: str, status: str = "ok") -> str:
    """Run a cell, from its request to its reply; return what it printed."""
    printed: list[str] = []
    reply = client.execute_interactive(
        code, timeout=120, output_hook=lambda message: printed.append(shown(message))
    )["content"]
    assert reply["status"] == status, (reply, printed)
    return "".join(printed)


def stop_once(manager: Any, client: Any) -> float:
    """Seconds from the interrupt of a running cell to its reply."""
    pressed = 0.0

    def hook(message: dict[str, Any]) -> None:
        nonlocal pressed
        if not pressed and "begun" in shown(message):
            time.sleep(0.2)  # into the loop
            pressed = time.perf_counter()
            manager.interrupt_kernel()

    reply = client.execute_interactive(LOOP, timeout=120, output_hook=hook)["content"]
    took = time.perf_counter() - pressed
    assert pressed
    assert reply["status"] == "error", reply
    return took


def recover_once(client: Any) -> float:
    """Seconds from the request of a cell whose function crashes to the result of the next cell."""
    began = time.perf_counter()
    assert "crashed" in execute(client, CRASH)
    assert "42" in execute(client, "print(module.next_int(41))")
    return time.perf_counter() - began


def row(what: str, took: list[float]) -> Row:
    """Return the worst of the times, with their median."""
    detail = f"median {statistics.median(took) * 1e3:.3g}"
    return Row(f"{what}, worst", max(took) * 1e3, "ms", AT_MOST, detail, len(took))


def measure() -> list[Row]:
    """Do both in a kernel of its own, as a notebook has one."""
    from jupyter_client.manager import start_new_kernel

    with private_place():
        manager, client = start_new_kernel(extra_arguments=["--log-level=ERROR"])
        try:
            execute(client, LOAD)
            stop_once(manager, client)  # compiles
            rows = [
                row(
                    "Stop of a running cell, to its reply",
                    [stop_once(manager, client) for _ in range(ROUNDS)],
                )
            ]
            for mode in ("inline", "isolated"):
                execute(client, FUNCTIONS.format(mode=mode))
                recover_once(client)
                took = [recover_once(client) for _ in range(ROUNDS)]
                rows.append(row(f"crash of a function, {mode}, to the next cell's result", took))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        return rows
