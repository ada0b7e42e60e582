"""What a reader of a notebook waits for Mojo: cells compiled ahead, together, while they are typed, or as they must be.

Texts are new ones each time: Mojo's own compiler knows those that it has compiled.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import writing
from bench_jupyterlab import OBSERVE, press
from bench_kernel import execute
from browser import free_port, new_page, wait_for
from frame import Pair, Row, interleaved, private_place

CELLS = 12
ROUNDS = 3
TYPED = 5

_numbers = itertools.count(int(time.time()) * 1000)


def nonce() -> int:
    """Return a number that no text had before."""
    return next(_numbers)


def stats() -> dict[str, int]:
    import mojocell

    return mojocell.cache.stats()


def foreground(counters: dict[str, int]) -> int:
    """Return how many compilers were started for somebody who waited."""
    return counters["compilations"] - counters["speculated"] - counters["prefetched"]


def wait_until(condition: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit("what was to be compiled ahead is not")
        time.sleep(0.05)


@contextmanager
def kernel(**env: str) -> Iterator[Any]:
    """A kernel's client."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(extra_arguments=["--log-level=ERROR"], env=os.environ | env)
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run_all(client: Any, cells: list[str]) -> float:
    """Seconds from the requests, all sent at once as a front end does, to the last reply."""
    began = time.perf_counter()
    waiting = {client.execute(cell) for cell in cells}
    while waiting:
        reply = client.get_shell_msg(timeout=300)
        if reply["parent_header"].get("msg_id") in waiting:
            waiting.remove(reply["parent_header"]["msg_id"])
            if reply["content"]["status"] != "ok":
                sys.exit(f"a cell failed: {reply['content']}")
    return time.perf_counter() - began


class Front:
    """What JupyterLab's extension tells a kernel, on a subshell.

    On a connection of its own: it types in one thread while a cell is waited for in another, and a socket is one
    thread's.
    """

    def __init__(self, client: Any) -> None:
        self.client = type(client)()
        self.client.load_connection_info(client.get_connection_info())
        self.client.start_channels()
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        reply = self.client.get_control_msg(timeout=30)
        self.subshell = reply["content"]["subshell_id"]
        self.comm = uuid.uuid4().hex
        self.send("comm_open", target_name="mojocell.ahead", data={})

    def close(self) -> None:
        self.client.stop_channels()

    def send(self, kind: str, **content: Any) -> None:
        message = self.client.session.msg(kind, {"comm_id": self.comm, **content})
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def tell(self, **said: Any) -> None:
        self.send("comm_msg", data=said)

    def queue(self, cells: list[str]) -> None:
        self.tell(queued=[{"cell": f"q{number}", "text": text} for number, text in enumerate(cells)])

    def type(self, text: str) -> None:
        self.tell(typed={"cell": "typed", "text": text})


# --- a notebook that is opened -------------------------------------------------------------------


def opened(place: Path) -> list[Row]:
    import nbformat
    from nbformat.sign import NotebookNotary

    cells = [f"%%mojo\nvar x = {nonce()}\nprint(x)" for _ in range(CELLS)]
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text, id=f"c{number}") for number, text in enumerate(cells)]
    )
    path, data = place / "opened.ipynb", place / "jupyter"
    data.mkdir()
    nbformat.write(book, path)
    notary = NotebookNotary(data_dir=str(data))
    notary.sign(nbformat.read(path, as_version=4))
    notary.store.close()
    before = stats()
    with kernel(JPY_SESSION_NAME=str(path), JUPYTER_DATA_DIR=str(data)) as client:
        execute(client, "%load_ext mojocell")
        wait_until(lambda: stats()["entries"] >= before["entries"] + CELLS)
        took = run_all(client, cells)
    made = foreground(stats()) - foreground(before)
    return [
        Row(f"{CELLS} cells opened, prefetched, Run All: foreground compilations", made, "", 0),
        Row(f"{CELLS} cells opened, prefetched, Run All: to the last result", took, "s", 0.3),
    ]


# --- cells that are run together -----------------------------------------------------------------


def definitions() -> list[str]:
    return [f"%%mojo\ndef f{number}(n: Int) -> Int:\n    return n + {nonce()}\n" for number in range(CELLS)]


def together(client: Any, front: Front) -> Row:
    def at_once() -> None:
        cells = definitions()
        front.queue(cells)
        run_all(client, cells)

    pair = interleaved(at_once, lambda: run_all(client, definitions()), ROUNDS, warmup=0)
    return Row(
        f"{CELLS} independent definitions, Run All, against one after the other",
        pair.ratio,
        "x",
        0.65,
        pair.detail(1, "s"),
        ROUNDS,
    )


# --- what is typed -------------------------------------------------------------------------------


def remaining(client: Any, front: Front) -> Row:
    """Run after a pause of a second: what it takes above the compiler's own time, from the pause's end on."""
    above = []
    for _ in range(TYPED):
        text = f"%%mojo --quiet --result ran\nvar x = {nonce()}\nprint(x)"
        front.type(text)
        began = time.perf_counter()
        time.sleep(0.7)  # of the second, 0.3 s are the pause after which it is sent
        execute(client, text)
        took = time.perf_counter() - began
        above.append(took - float(execute(client, "print(ran.times['compile'])")))
    detail = f"from {min(above) * 1e3:.3g} to {max(above) * 1e3:.3g}"
    return Row(
        "typed, pause of 1 s: to the result, above the compiler's time",
        statistics.median(above) * 1e3,
        "ms",
        100,
        detail,
        TYPED,
    )


def compilers(pid: int) -> list[int]:
    """Return the compilers that a daemon has started and that do not stand still."""
    found = []
    for entry in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            words = Path(f"/proc/{entry}/cmdline").read_bytes()
            state = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"--emit" in words and state not in "TZX":
            found.append(int(entry))
    return found


def edits(client: Any, front: Front) -> list[Row]:
    """Ten quick edits: how many compilers there are at a time, and what is left; then beside a cell that runs."""
    from mojocell.core import client as daemon

    pid = daemon.request({"op": "info"})["pid"]
    most, over = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.is_set():
            most = max(most, len(compilers(pid)))
            time.sleep(0.005)

    def ten() -> str:
        text = ""
        for _ in range(10):
            text = f"%%mojo --quiet\nvar x = {nonce()}\nprint(x)"
            front.type(text)
            time.sleep(0.1)
        return text

    watching = threading.Thread(target=watch)
    watching.start()
    last = ten()
    execute(client, last)
    over.set()
    watching.join()
    left = daemon.request({"op": "info"})["open_requests"]

    pair = Pair([], [])
    for _ in range(TYPED):
        for typing, times in ((ten, pair.subject), (lambda: None, pair.peer)):
            text = f"%%mojo --quiet\nvar y = {nonce()}\nprint(y)"
            beside = threading.Thread(target=typing)
            beside.start()
            began = time.perf_counter()
            execute(client, text)
            times.append(time.perf_counter() - began)
            beside.join()
    return [
        Row("ten quick edits: compilers at any moment", most, "", 1),
        Row("ten quick edits: requests that are left", left, "", 0),
        Row(
            "a cell that runs beside ten quick edits, against alone",
            pair.ratio,
            "x",
            1.05,
            pair.detail(1, "s"),
            TYPED,
        ),
    ]


def typed(place: Path) -> Row:
    """In JupyterLab and Chromium: typed, a pause of 4 s, Ctrl+Enter to the output."""
    cells = ["%load_ext mojocell", ""]
    made = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": text,
        }
        for i, text in enumerate(cells)
    ]
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (place / "typed.ipynb").write_text(json.dumps(book))
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip", "127.0.0.1", "--port", str(port),
         "--IdentityProvider.token=tok", f"--ServerApp.root_dir={place}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    took = []
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token=tok")
        with new_page() as page:
            page.goto(f"http://127.0.0.1:{port}/lab/tree/typed.ipynb?token=tok&reset")
            page.wait_for_selector(".jp-Notebook .jp-CodeCell")
            page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", state="attached")
            time.sleep(2)
            page.locator(".jp-Notebook .jp-CodeCell").nth(0).locator(".cm-content").click()
            page.keyboard.press("Control+Enter")
            page.evaluate(OBSERVE)
            for _ in range(TYPED):
                page.locator(".jp-Notebook .jp-CodeCell").nth(1).locator(".cm-content").click()
                page.keyboard.press("Control+a")
                page.keyboard.type(f"%%mojo --quiet\nvar x = {nonce()}\nprint(42, x)", delay=20)
                time.sleep(4)
                took.append(press(page, 1))
    finally:
        server.terminate()
        server.wait()
    from mojocell.core.request import Job

    own = Job(f"var x = {nonce()}\nprint(42, x)", op="compile").execute().times["compile"]
    detail = f"from {min(took) * 1e3:.3g} to {max(took) * 1e3:.3g}; the compiler alone {own:.2g} s"
    what = "JupyterLab: typed, pause of 4 s, Ctrl+Enter to output"
    return Row(what, statistics.median(took) * 1e3, "ms", 100, detail, TYPED)


# --- what is compiled anew -----------------------------------------------------------------------


def dependents(client: Any) -> Row:
    """Twelve cells, each using the one before; the seventh is changed, and the last is called: six compile."""
    texts = [f"%%mojo --quiet\ndef g0() -> Int:\n    return {nonce()}\n"]
    texts += [f"%%mojo --quiet\ndef g{n}() -> Int:\n    return g{n - 1}() + 1\n" for n in range(1, CELLS)]
    for text in texts:
        execute(client, text)
    middle = CELLS // 2
    before = stats()["compilations"]
    execute(client, f"%%mojo --quiet\ndef g{middle}() -> Int:\n    return g{middle - 1}() + {nonce()}\n")
    execute(client, f"for n in range({CELLS}): globals()[f'g{{n}}']()")
    made = stats()["compilations"] - before
    expected = CELLS - middle
    return Row(
        "one of twelve changed: compilations beside its own and its dependents'",
        abs(made - expected),
        "",
        0,
        f"{made}",
    )


def comments(client: Any) -> Row:
    """A comment is edited where no line moves, in a cell and so in what uses it: nothing compiles."""
    text = f"%%mojo --quiet\ndef c0() -> Int:  # {{}}\n    return {nonce()}\n"
    execute(client, text.format("one"))
    execute(client, "%%mojo --quiet\ndef c1() -> Int:\n    return c0() + 1\n")
    before = stats()["compilations"]
    for word in ("two", "and a longer one"):
        execute(client, text.format(word))
        execute(client, "c0(), c1()")
    made = stats()["compilations"] - before
    return Row("a comment edited, no line moved: compilations", made, "", 0)


def carried() -> Row:
    """A cell that uses three earlier ones, against the same text as one cell."""
    from mojocell.core.request import Job

    def parts() -> list[str]:
        return [f"def h{n}(x: Int) -> Int:\n    return x + {nonce()}\n" for n in range(3)]

    last = "def sum(x: Int) -> Int:\n    return h0(x) + h1(x) + h2(x) + {}\n"
    pair = Pair([], [])
    for number in range(TYPED):
        sources, whole = parts(), "".join([*parts(), last.format(nonce())])
        using = [{"source": source, "names": [f"h{n}"], "links": []} for n, source in enumerate(sources)]
        jobs = [
            (Job(last.format(nonce()), op="compile", using=using, exports=["sum"]), pair.subject),
            (Job(whole, op="compile", exports=["sum"]), pair.peer),
        ]
        for job, times in jobs[:: -1 if number % 2 else 1]:
            result = job.execute()
            if result.error is not None:
                raise result.error
            times.append(result.times["compile"])
    return Row(
        "a cell that uses three others, against one text, to compile",
        pair.ratio,
        "x",
        1.05,
        pair.detail(1, "s"),
        TYPED,
    )


def measure() -> list[Row]:
    """Measure each in a kernel as a notebook has one, and what is typed in a browser."""
    with private_place() as place:
        rows = [carried(), *opened(place)]
        with kernel() as client:
            execute(client, "%load_ext mojocell")
            front = Front(client)
            rows += [
                together(client, front),
                remaining(client, front),
                *edits(client, front),
                dependents(client),
                comments(client),
                *writing.rows(client, place),
            ]
            front.close()
        rows.append(typed(place))
    return rows
