"""What a kernel compiles before its cells run: its notebook, what is typed, what is queued."""

from __future__ import annotations

import json
import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary

import mojocell
from daemon import wait_until
from kernels import Kernel, kernel
from mojocell.cells import beforehand
from mojocell.core import client

ROOT = Path(__file__).resolve().parents[2]
MOJO = "mojocell.kernel"
FAKE_TOOLCHAIN = os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"


class Desk:
    """A folder with a notebook, and a daemon whose compiler does what cells say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notebook = folder / "lesson.ipynb"

    def write(self, *cells: str, trusted: bool = True, language: str = "python") -> None:
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(text, id=f"id-{number}") for number, text in enumerate(cells)],
            metadata={"language_info": {"name": language}},
        )
        nbformat.write(book, self.notebook)
        notary = NotebookNotary(data_dir=str(self.folder / "jupyter"))
        if trusted:
            notary.sign(nbformat.read(self.notebook, as_version=4))
        notary.store.close()

    @contextmanager
    def kernel(self, module: str = "ipykernel_launcher", **env: str) -> Iterator[Kernel]:
        own = {"JPY_SESSION_NAME": str(self.notebook), "JUPYTER_DATA_DIR": str(self.folder / "jupyter")}
        with kernel(self.folder, env={**own, **env}, module=module) as running:
            yield running

    def let(self, name: str) -> None:
        (self.folder / name).touch()

    def cell(self, number: int, *more: str) -> str:
        lines = "".join(f"    # compile: {line}\n" for line in more)
        return (
            f'%%mojo\ndef f{number}() -> Int:\n    """Of the notebook.\n{lines}    """\n    return {number}'
        )


def stats(name: str) -> int:
    return int(mojocell.cache.stats()[name])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_settings: None) -> Iterator[Desk]:
    toolchain = tmp_path / "modular"
    shutil.copytree(FAKE_TOOLCHAIN, toolchain, symlinks=True)
    (toolchain / "bin" / "mojo").write_text(
        f'#!/bin/sh\nexec {sys.executable} "{toolchain}/bin/mojo.py" "$@"\n'
    )
    own = {"RUNTIME_DIR": tmp_path / "run", "CACHE_DIR": tmp_path / "cache", "TOOLCHAIN": toolchain}
    for name, value in own.items():
        monkeypatch.setenv(f"MOJOCELL_{name}", str(value))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    (tmp_path / "jupyter").mkdir()
    yield Desk(tmp_path)
    with suppress(mojocell.DaemonUnavailable):
        client.request({"op": "shutdown", "now": True})
    client.close()


# ---- the notebook that was opened


def test_a_trusted_notebook_is_compiled_when_it_is_opened(desk: Desk) -> None:
    cells = [
        "%load_ext mojocell",
        desk.cell(1),
        desk.cell(2),
        "%%mojo -O1\ndef g() -> Int: return f1() + f2()",
    ]
    desk.write(*cells)
    with desk.kernel() as running:
        assert running.run(cells[0], cell_id="id-0").status == "ok"
        wait_until(lambda: stats("prefetched") == 3 and stats("entries") == 3, 90, "the cells")
        for number, text in enumerate(cells):
            assert running.run(text, cell_id=f"id-{number}").status == "ok"
    assert (stats("compilations"), stats("misses")) == (3, 0)


def test_one_line_says_how_far_it_is_and_stop_ends_it(desk: Desk) -> None:
    desk.write(
        "%load_ext mojocell", desk.cell(1, f"wait {desk.folder}/go"), desk.cell(2, f"wait {desk.folder}/go")
    )
    with desk.kernel() as running:
        code = f"%load_ext mojocell\nimport os, time\nwhile not os.path.exists('{desk.folder}/seen'): time.sleep(0.01)"
        request = running.start(code, cell_id="id-0")
        outcome = running.finish(request, kind="display_data")
        desk.let("seen")
        outcome = running.finish(request, outcome=outcome)
        assert outcome.displays() == ["compiling 2 Mojo cells ahead, 0 done"]
        (data,) = [c["data"] for _, kind, c in outcome.messages if kind == "display_data"]
        assert 'class="mojocell-ahead-stop"' in data["text/html"]
        wait_until(lambda: stats("prefetched") >= 1, 90, "a compiler")
        assert running.run("%mojo_ahead stop").status == "ok"
        wait_until(
            lambda: client.request({"op": "info"})["open_requests"] == 0, 90, "the end of the requests"
        )
        desk.let("go")
        assert running.run(desk.cell(2), cell_id="id-2").status == "ok"
    assert stats("entries") == 1


def test_a_notebook_of_the_kernel_of_mojo_is_compiled_when_it_is_opened(desk: Desk) -> None:
    plain = [desk.cell(number).removeprefix("%%mojo\n") for number in (1, 2)]
    cells = [
        plain[0],
        f"%python n = 3\n!true\n{plain[1]}",
        "%%python\nm = 4",
        "# run: print taken\nprint(n + m)",
        "%%mojo -O1\ndef g() -> Int: return f1() + f2()",
        "%%time\ndef h() -> Int: return g()",
    ]
    desk.write(*cells, language="mojo")
    with desk.kernel(MOJO, MOJOCELL_STATUS="never") as running:
        wait_until(lambda: stats("prefetched") == 4 and stats("entries") == 4, 90, "the cells")
        for number in (0, 1, 2, 4, 5):
            outcome = running.run(cells[number], cell_id=f"id-{number}")
            assert outcome.status == "ok", outcome.error
        assert (stats("compilations"), stats("hits")) == (4, 4)


def test_in_a_kernel_of_mojo_the_first_cell_that_runs_says_how_far_it_is(desk: Desk) -> None:
    waiting = [desk.cell(number, f"wait {desk.folder}/go").removeprefix("%%mojo\n") for number in (1, 2)]
    desk.write(*waiting, language="mojo")
    with desk.kernel(MOJO) as running:
        wait_until(lambda: stats("prefetched") >= 1, 90, "a compiler")
        code = f"%python import os, time\n%python seen = '{desk.folder}/seen'\n"
        request = running.start(f"{code}%python while not os.path.exists(seen): time.sleep(0.01)")
        outcome = running.finish(request, kind="display_data")
        assert outcome.displays() == ["compiling 2 Mojo cells ahead, 0 done"]
        desk.let("go")
        outcome = running.finish(request, kind="update_display_data", outcome=outcome)
        desk.let("seen")
        running.finish(request, outcome=outcome)
    assert stats("entries") == 2


@pytest.mark.parametrize("why", ["not trusted", "off", "no notebook"])
def test_what_is_not_to_be_compiled_ahead_is_not(desk: Desk, why: str) -> None:
    desk.write("%load_ext mojocell", desk.cell(1), trusted=why != "not trusted")
    env = {"off": {"MOJOCELL_PREFETCH": "0"}, "no notebook": {"JPY_SESSION_NAME": "lesson"}}.get(why, {})
    with desk.kernel(**env) as running:
        assert running.run("%load_ext mojocell", cell_id="id-0").status == "ok"
        # What is done in the background would be done by the time that this one has compiled.
        assert running.run(desk.cell(9), cell_id="id-9").status == "ok"
        assert running.run("import threading; print(threading.active_count())").status == "ok"
    assert (stats("prefetched"), stats("compilations")) == (0, 1)


def test_the_notebook_of_a_kernel_is_what_its_front_end_names(desk: Desk) -> None:
    desk.write("1")
    path = str(desk.notebook)
    assert beforehand.notebook({}, {"JPY_SESSION_NAME": path}) == (path, False)
    assert beforehand.notebook({"__vsc_ipynb_file__": path}, {}) == (path, True)
    for other in ({}, {"JPY_SESSION_NAME": "console-1"}, {"JPY_SESSION_NAME": path + "x"}):
        assert beforehand.notebook({"__vsc_ipynb_file__": 3}, other) is None


def test_trusted_is_what_jupyter_signed_as_it_stands(desk: Desk) -> None:
    desk.write("1", trusted=False)
    assert not beforehand.is_trusted(str(desk.notebook))
    assert not list((desk.folder / "jupyter").glob("*.db*")) or not beforehand.is_trusted(str(desk.notebook))
    desk.write("1")
    assert beforehand.is_trusted(str(desk.notebook))
    book = json.loads(desk.notebook.read_text())
    book["cells"][0]["source"] = "2"
    desk.notebook.write_text(json.dumps(book))
    assert not beforehand.is_trusted(str(desk.notebook))
    desk.notebook.write_text("{")
    assert not beforehand.is_trusted(str(desk.notebook))


# ---- what front ends tell


class Front:
    """The comm of JupyterLab's extension, on a subshell: heard while a cell runs."""

    def __init__(self, running: Kernel) -> None:
        self.running = running
        self.session = running.client.session
        message = self.session.msg("create_subshell_request", {})
        running.client.control_channel.send(message)
        while True:
            reply = running.client.get_control_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                break
        self.subshell = reply["content"]["subshell_id"]
        self.comm = uuid.uuid4().hex
        self._send("comm_open", target_name=beforehand.TARGET, data={})

    def _send(self, kind: str, **content: Any) -> None:
        message = self.session.msg(kind, {"comm_id": self.comm, **content})
        message["header"]["subshell_id"] = self.subshell
        self.running.client.shell_channel.send(message)

    def tell(self, **said: Any) -> None:
        self._send("comm_msg", data=said)

    def typed(self, number: int, text: str) -> None:
        self.tell(typed={"cell": f"id-{number}", "text": text})


@pytest.fixture
def front(desk: Desk) -> Iterator[Front]:
    with desk.kernel(JPY_SESSION_NAME="") as running:
        assert running.run("%load_ext mojocell\nn = 3").status == "ok"
        yield Front(running)


def test_what_is_typed_is_compiled_exactly_as_it_will_run(desk: Desk, front: Front) -> None:
    assert front.running.run(desk.cell(1), cell_id="id-1").status == "ok"
    text = "%%mojo -D N={n}\ndef two() -> Int: return f1() + 1"
    front.typed(2, text)
    wait_until(lambda: stats("speculated") == 1 and stats("entries") == 2, 90, "the text")
    assert front.running.run(text, cell_id="id-2").status == "ok"
    assert (stats("compilations"), stats("hits")) == (2, 1)


def test_it_is_heard_while_a_cell_runs(desk: Desk, front: Front) -> None:
    request = front.running.start(
        f"import os, time\nwhile not os.path.exists('{desk.folder}/go'): time.sleep(0.01)"
    )
    front.typed(1, desk.cell(1))
    wait_until(lambda: stats("entries") == 1, 90, "the text")
    desk.let("go")
    assert front.running.finish(request).status == "ok"


def test_of_quick_edits_the_last_is_compiled_and_nothing_else_is_left(desk: Desk, front: Front) -> None:
    for number in range(10):
        front.typed(1, desk.cell(number, f"wait {desk.folder}/go"))
    last = desk.cell(9, f"wait {desk.folder}/go")
    front.tell(typed={"cell": "id-1", "text": last})  # the same again begins nothing anew
    wait_until(lambda: client.request({"op": "info"})["open_requests"] == 1, 90, "one text")
    front.running.run("1")
    desk.let("go")
    wait_until(lambda: stats("entries") == 1, 90, "the last")
    assert front.running.run(desk.cell(9, f"wait {desk.folder}/go"), cell_id="id-1").status == "ok"
    assert stats("hits") == 1 and client.request({"op": "info"})["open_requests"] == 0


def test_an_error_in_what_is_typed_is_shown_when_it_runs_without_compiling(desk: Desk, front: Front) -> None:
    text = desk.cell(1, "error no such name")
    front.typed(1, text)
    wait_until(lambda: stats("speculated") == 1, 90, "the text")
    wait_until(lambda: client.request({"op": "info"})["open_requests"] == 0, 90, "the compiler")
    outcome = front.running.run(text, cell_id="id-1")
    assert outcome.status == "error" and "no such name" in outcome.error
    assert stats("compilations") == 1


def test_what_cannot_be_compiled_is_left_alone(desk: Desk, front: Front) -> None:
    for text in (
        "print(1)",
        "%%mojo --flurb\n",
        "%%mojo -i nothing\nprint(nothing)",
        "%%mojo --mode run\nprint(1)",
    ):
        front.typed(1, text)
    front.tell(nonsense=1)
    front.typed(2, desk.cell(2))
    wait_until(lambda: stats("entries") == 1, 90, "the last")
    assert stats("compilations") == 1


def test_with_the_setting_off_nothing_is_speculated(desk: Desk, front: Front) -> None:
    assert front.running.run("%config Mojocell.speculate = False").status == "ok"
    front.typed(1, desk.cell(1))
    front.tell(queued=[{"cell": "id-2", "text": desk.cell(2)}])
    wait_until(lambda: stats("entries") == 1, 90, "what is queued")
    assert stats("speculated") == 0


def test_what_is_queued_is_compiled_at_the_same_time(desk: Desk, front: Front) -> None:
    cells = [desk.cell(number) for number in range(3)] + [
        "%%mojo\ndef all() -> Int: return f0() + f1() + f2()"
    ]
    front.tell(queued=[{"cell": f"id-{number}", "text": text} for number, text in enumerate(cells)])
    wait_until(lambda: stats("entries") == 4, 90, "what is queued")
    for number, text in enumerate(cells):
        assert front.running.run(text, cell_id=f"id-{number}").status == "ok"
    assert (stats("compilations"), stats("hits"), stats("prefetched")) == (4, 4, 0)


def test_behind_a_cell_that_failed_nothing_goes_on(desk: Desk, front: Front) -> None:
    waiting = desk.cell(1, f"wait {desk.folder}/go")
    front.tell(queued=[{"cell": "id-1", "text": waiting}, {"cell": "id-2", "text": desk.cell(2)}])
    wait_until(lambda: stats("compilations") >= 1, 90, "a compiler")
    assert front.running.run("1 / 0").status == "error"
    wait_until(lambda: client.request({"op": "info"})["open_requests"] == 0, 90, "the end of the requests")


def test_the_button_ends_it(desk: Desk, front: Front) -> None:
    front.tell(queued=[{"cell": "id-1", "text": desk.cell(1, "hang")}])
    wait_until(lambda: stats("compilations") == 1, 90, "a compiler")
    front.tell(stop=True)
    wait_until(lambda: client.request({"op": "info"})["open_requests"] == 0, 90, "the end of the requests")


@pytest.fixture
def plain(desk: Desk) -> Iterator[Front]:
    """The front end of a kernel of Mojo."""
    with desk.kernel(MOJO, JPY_SESSION_NAME="") as running:
        assert running.run("%python n = 3").status == "ok"
        yield Front(running)


def test_in_a_kernel_of_mojo_what_is_typed_and_queued_is_compiled_as_it_will_run(
    desk: Desk, plain: Front
) -> None:
    one, two = (desk.cell(number).removeprefix("%%mojo\n") for number in (1, 2))
    plain.typed(1, f"%python m = 4\n\n{one}")
    wait_until(lambda: stats("speculated") == 1 and stats("entries") == 1, 90, "the text")
    # With Python's variable that it takes by name, and below a magic that runs it.
    plain.typed(3, "%%time\n\nprint(n)")
    wait_until(lambda: stats("speculated") == 2 and stats("entries") == 2, 90, "the text")
    plain.typed(4, "%%python\nn = 3")
    plain.tell(queued=[{"cell": "id-2", "text": two}, {"cell": "id-4", "text": "%%python\nn = 3"}])
    wait_until(lambda: stats("entries") == 3, 90, "what is queued")
    assert plain.running.run(f"%python m = 4\n\n{one}", cell_id="id-1").status == "ok"
    assert plain.running.run(two, cell_id="id-2").status == "ok"
    plain.running.run("%%time\n\nprint(n)", cell_id="id-3")  # what it computes nobody knows of this compiler
    assert (stats("compilations"), stats("misses")) == (3, 0)


# ---- what uses a cell that was changed


def test_what_uses_a_changed_cell_is_compiled_before_it_is_asked_for(desk: Desk, front: Front) -> None:
    running = front.running
    cells = {
        "base": desk.cell(1),
        "defines": "%%mojo\ndef g() -> Int: return f1()",
        "runs": "%%mojo --quiet\n# run: print ran\nprint(g())",
        "other": desk.cell(2),
    }
    for name, text in cells.items():
        assert running.run(text, cell_id=name).status == "ok"
    before = {name: stats(name) for name in ("compilations", "prefetched", "misses")}
    assert running.run(desk.cell(1, "sleep 0"), cell_id="base").status == "ok"
    wait_until(lambda: stats("prefetched") == before["prefetched"] + 2 and stats("entries") == 7, 90, "both")
    running.run("g()")  # what it computes nobody knows of this compiler
    assert running.run(cells["runs"], cell_id="runs").status == "ok"
    assert stats("compilations") == before["compilations"] + 3
    assert stats("misses") == before["misses"] + 1
    assert client.request({"op": "info"})["open_requests"] == 0


def test_what_is_compiled_anew_is_given_up_for_what_is_newer(desk: Desk, front: Front) -> None:
    running = front.running
    assert running.run(desk.cell(1), cell_id="base").status == "ok"
    held = f'%%mojo\ndef g() -> Int:\n    """\n    # compile: wait {desk.folder}/go\n    """\n    return f1()'
    desk.let("go")
    assert running.run(held, cell_id="held").status == "ok"
    (desk.folder / "go").unlink()
    for number in range(3):
        assert running.run(desk.cell(1, f"wait {desk.folder}", f"n {number}"), cell_id="base").status == "ok"
        wait_until(lambda: client.request({"op": "info"})["open_requests"] == 1, 90, "what uses it")
    desk.let("go")
    wait_until(lambda: stats("entries") == 6, 90, "the newest")
    assert stats("prefetched") <= 3 and client.request({"op": "info"})["open_requests"] == 0
    assert running.run("%config Mojocell.speculate = False").status == "ok"
    prefetched = stats("prefetched")
    assert running.run(desk.cell(1, "n 9"), cell_id="base").status == "ok"
    assert stats("prefetched") == prefetched
