"""The extension in a real kernel, over a scripted bridge: displays, streams, errors, interrupts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kernels import Kernel, execute, kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETUP = """
import sys, time, mojocell
from scripted import FakeBridge
bridge = sys.modules["mojocell._bridge"] = mojocell._bridge = FakeBridge()
bridge.answers["cache.stats"] = [{"stats": {"entries": 1, "misses": 1}}]
bridge.runs(b"hello\\n")

def slow(cause="new", seconds=0.8, **result):
    def run(request, event):
        event("compiling", cause=cause)
        bridge.wait(seconds)
        event("compiled", cache="miss", times={}, diagnostics=[])
        event("stdout", b"hello\\n")
        times = {"compile": 2.41, "run": 0.0012}
        return {"kind": "program", "cache": "miss", "returncode": 0, "times": times, **result}
    bridge.answers["run"] = [run]

def stuck(request, event):
    event("stdout", b"one\\ntwo\\n")
    bridge.wait(60)
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with a scripted bridge and the extension loaded."""
    with kernel(tmp_path_factory.mktemp("kernel")) as shell:
        assert shell.run(SETUP).status == "ok"
        assert shell.run("%load_ext mojocell").status == "ok"
        yield shell


@pytest.fixture
def shell(started: Kernel) -> Kernel:
    """The kernel with a program that prints hello from the cache."""
    assert started.run('bridge.runs(b"hello\\n")').status == "ok"
    return started


CELL = "%%mojo\nprint('hello')"


def test_a_hit_shows_the_output_and_one_line_of_times(shell: Kernel) -> None:
    outcome = shell.run(CELL)
    assert outcome.stream() == "hello\n"
    assert outcome.displays() == ["cache hit · ran in 1.2 ms"]


def test_the_line_of_times_stands_above_the_output_of_a_hit_as_of_a_compilation(shell: Kernel) -> None:
    for answer in ("bridge.runs(b'hello\\n', cache='hit')", "slow()"):
        shell.run(answer)
        kinds = shell.run(CELL).kinds()
        assert kinds.index("display_data") < kinds.index("stream"), kinds
        assert kinds.count("display_data") == 1


def test_a_compilation_is_one_display_that_is_updated_and_nothing_is_cleared(shell: Kernel) -> None:
    shell.run("slow()")
    outcome = shell.run(CELL)
    kinds = outcome.kinds()
    assert kinds.count("display_data") == 1
    assert kinds.count("update_display_data") >= 2
    assert "clear_output" not in kinds
    first = next(c["data"]["text/plain"] for _, kind, c in outcome.messages if kind == "display_data")
    assert first.startswith("compiling … 0.3 s")
    assert outcome.displays() == ["compiled in 2.4 s (cold) · ran in 1.2 ms"]


def test_the_first_compilation_of_a_machine_says_what_to_expect(shell: Kernel) -> None:
    shell.run('slow(); bridge.answers["cache.stats"] = [{"stats": {"entries": 0, "misses": 0}}]')
    shell.run("get_ipython().magics_manager.registry['Mojocell']._warm = False")
    outcome = shell.run(CELL)
    first = next(c["data"]["text/plain"] for _, kind, c in outcome.messages if kind == "display_data")
    assert "takes about 3 s" in first
    shell.run('bridge.answers["cache.stats"] = [{"stats": {"entries": 1, "misses": 1}}]')


def test_waiting_for_anothers_compilation_says_so(shell: Kernel) -> None:
    shell.run("slow('joined', cache='joined')")
    outcome = shell.run(CELL)
    first = next(c["data"]["text/plain"] for _, kind, c in outcome.messages if kind == "display_data")
    assert first.startswith("waiting for a compilation that has begun … ")
    assert outcome.displays() == ["waited 2.4 s for a compilation that had begun · ran in 1.2 ms"]


def test_a_compilation_that_is_stopped_or_not_served_leaves_no_state_behind(shell: Kernel) -> None:
    shell.run(
        "def stuck_compiler(request, event):\n"
        "    event('compiling', cause='new')\n"
        "    bridge.wait(60)\n"
        "bridge.answers['run'] = [stuck_compiler]"
    )
    request = shell.start(CELL)
    outcome = shell.finish(request, kind="display_data")
    shell.interrupt()
    outcome = shell.finish(request, outcome=outcome)
    assert outcome.displays()[-1].startswith("stopped while it was compiled, after ")
    shell.run(
        "def lost(request, event):\n"
        "    event('compiling', cause='new')\n"
        "    bridge.wait(0.5)\n"
        "    return bridge.Error('daemon_lost', 'the daemon ended', 'run the cell again')\n"
        "bridge.answers['run'] = [lost]"
    )
    outcome = shell.run(CELL)
    assert outcome.displays() == ["not run"]
    assert outcome.error == "DaemonUnavailable: the daemon ended\nhint: run the cell again"


def test_without_a_reader_there_are_neither_progress_nor_times(shell: Kernel) -> None:
    shell.run("slow()")
    outcome = shell.run(CELL, reader=False)
    assert outcome.stream() == "hello\n"
    assert outcome.displays() == []
    shell.run("%config Mojocell.status = 'always'")
    assert shell.run(CELL, reader=False).displays() == ["compiled in 2.4 s (cold) · ran in 1.2 ms"]
    shell.run("%config Mojocell.status = None")


def test_repairs_and_warnings_are_displayed_as_text_and_html(shell: Kernel) -> None:
    shell.run(
        "bridge.runs(modernized=[{'line': 2, 'message': '', 'before': 'fn main():', 'after': 'def main():'}],"
        "source='\\ndef main(): pass', toolchain={'version': '1.2.0'},"
        "diagnostics=[{'kind': 'warning', 'message': '<unused>', 'line': 2, 'column': 1}])"
    )
    outcome = shell.run("%%mojo\nfn main(): pass")
    assert outcome.displays()[0].startswith("cache hit")
    assert outcome.displays()[1].startswith("cell:2:1: warning: <unused>")
    assert (
        outcome.displays()[2]
        == "1 repair for Mojo 1.2: `fn` → `def` (line 2); %mojo_fix writes the repaired cell"
    )
    pages = [c["data"]["text/html"] for _, kind, c in outcome.messages if kind == "display_data"]
    assert "&lt;unused&gt;" in pages[1]
    reply = shell.run("%mojo_fix").reply
    assert reply["payload"] == [
        {"source": "set_next_input", "text": "%%mojo\ndef main(): pass", "replace": True}
    ]


def test_an_error_stops_run_all_and_shows_no_python_traceback(shell: Kernel) -> None:
    shell.run(
        "bridge.runs(b'so far\\n', ok=False, returncode=None, signal=4,"
        "failure={'code': 'crashed', 'message': 'index 10 is out of bounds', 'line': 2, 'column': 7})"
    )
    outcome = shell.run("%%mojo\nprint(v[10])")
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "MojoCrash"
    assert outcome.stream() == "so far\n"
    assert outcome.error == (
        "MojoCrash: cell:2:7: index 10 is out of bounds\n  2 | print(v[10])\n    |       ^"
    )


def test_stop_is_a_keyboard_interrupt_that_keeps_the_output(shell: Kernel) -> None:
    shell.run("bridge.answers['run'] = [stuck]")
    request = shell.start("%%mojo --out kept\nwhile True: pass")
    seen = shell.finish(request, until="two\n")
    shell.interrupt()
    outcome = shell.finish(request)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert outcome.error.startswith("KeyboardInterrupt: stopped after ")
    assert "\n" not in outcome.error
    assert seen.stream() + outcome.stream() == "one\ntwo\n"
    assert shell.run("print(repr(kept))").stream() == "'one\\ntwo\\n'\n"


def test_output_arrives_while_the_program_runs(shell: Kernel) -> None:
    shell.run(
        "def ticks(request, event):\n"
        "    for n in range(3):\n"
        "        event('stdout', b'tick %d\\n' % n)\n"
        "        time.sleep(0.5)\n"
        "    return {'kind': 'program', 'returncode': 0}\n"
        "bridge.answers['run'] = [ticks]"
    )
    outcome = shell.run(CELL)
    times = [when for when, kind, _ in outcome.messages if kind == "stream"]
    assert outcome.stream() == "tick 0\ntick 1\ntick 2\n"
    assert len(times) == 3
    assert times[-1] - times[0] > 0.5


def test_a_flood_stays_under_the_limits_of_a_notebook_server(shell: Kernel) -> None:
    shell.run(
        "def flood(request, event):\n"
        "    for n in range(2000):\n"
        "        event('stdout', b'x' * 8191 + b'\\n')\n"
        "    event('stdout', b'the end\\n')\n"
        "    return {'kind': 'program', 'returncode': 0}\n"
        "bridge.answers['run'] = [flood]"
    )
    outcome = shell.run("%%mojo --out text\nx")
    size = sum(len(json.dumps(content)) for _, _, content in outcome.messages)
    assert size < 500_000
    assert len(outcome.messages) < 100
    assert outcome.stream().endswith("the end\n")
    assert "left out here" in outcome.stream()
    assert shell.run("print(len(text))").stream() == f"{2000 * 8192 + 8}\n"


def test_streams_keep_their_order_when_they_take_turns_slowly(shell: Kernel) -> None:
    shell.run(
        "def turns(request, event):\n"
        "    for n in range(3):\n"
        "        event('stdout', b'out %d\\n' % n); time.sleep(0.1)\n"
        "        event('stderr', b'err %d\\n' % n); time.sleep(0.1)\n"
        "    return {'kind': 'program', 'returncode': 0}\n"
        "bridge.answers['run'] = [turns]"
    )
    outcome = shell.run(CELL)
    text = "".join(content["text"] for _, kind, content in outcome.messages if kind == "stream")
    assert text.split("\n")[:-1] == ["out 0", "err 0", "out 1", "err 1", "out 2", "err 2"]


def test_the_cell_is_known_by_the_front_ends_identity(shell: Kernel) -> None:
    shell.run(CELL, cell_id="abc-123")
    outcome = shell.run("print(bridge.requests[-1].get('cell'))")
    assert outcome.stream() in ("abc-123\n", "None\n")
    import IPython

    if IPython.version_info >= (8, 0):
        assert outcome.stream() == "abc-123\n"


def test_help_explains_every_option(shell: Kernel) -> None:
    reply = shell.run("%%mojo?").reply
    text = reply["payload"][0]["data"]["text/plain"]
    for option in (
        "--mode",
        "-O",
        "-I",
        "-D",
        "--force",
        "--name",
        "--timeout",
        "--memory",
        "--stdin",
        "--result",
    ):
        assert option in text
    for option in ("--out", "--no-run", "--quiet", "--file"):
        assert option in text


def test_nbclient_saves_the_same_notebook_whether_it_compiled_or_not(tmp_path: Path) -> None:
    cells = ["%load_ext mojocell", CELL, "mojocell.run('x')"]
    cold, hit = execute([SETUP + "\nslow()", *cells], tmp_path), execute([SETUP, *cells], tmp_path)
    assert cold == hit
    assert cold[2] == [{"output_type": "stream", "name": "stdout", "text": "hello\n"}]
