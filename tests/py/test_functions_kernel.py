"""Inline calls in a real kernel: crashes and interrupts wherever a kernel runs code; the real compiler."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import wait_until
from kernels import Kernel, Outcome, kernel

CELL = """%%mojo
def at(n: Int) -> Int:
    var values = [1, 2, 3]
    return values[n]

def spin(began: Span[mut=True, Int64, _], n: Int) -> Int:
    began[0] = 1
    var x = n
    while x != -1:
        x = (x * 5 + 1) & 1023
    return x

def busy(began: Span[mut=True, Int64, _], n: Int) -> Int:
    began[0] = 1
    var kept = 0
    for i in range(n):
        var values = List[String]()
        values.append(String(i))
        kept += values[0].byte_length()
    return kept
"""

CRASHES = """
began = numpy.memmap("began", numpy.int64, "w+", shape=1)

def crashes(count):
    caught = 0
    for i in range(count):
        try:
            at(7 + i)
        except mojocell.MojoCrash as error:
            caught += error.line == 4 and error.signal is not None
        assert at(1) == 2
    return caught
"""


@pytest.fixture(scope="module")
def shell(service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the cell above."""
    with kernel(tmp_path_factory.mktemp("kernel")) as started:
        assert (
            started.run(
                "import faulthandler, mojocell, numpy\nfaulthandler.enable()\n%load_ext mojocell"
            ).status
            == "ok"
        )
        outcome = started.run(CELL)
        assert outcome.status == "ok", outcome.error
        assert outcome.displays()[-1].startswith("bound at, spin, busy\n")
        assert started.run(CRASHES).status == "ok"
        yield started


def printed(outcome: Outcome) -> str:
    assert outcome.status == "ok", outcome.error
    return outcome.stream()


def test_a_thousand_crashes_in_a_later_cell(shell: Kernel) -> None:
    assert printed(shell.run("print(crashes(1000))")) == "1000\n"


def test_help_has_what_is_of_use(shell: Kernel) -> None:
    def said(cell: str) -> str:
        text = shell.run(cell).reply["payload"][0]["data"]["text/plain"]
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    fields = re.findall(r"^(\w[\w ]*):", said("at?"), re.MULTILINE)
    assert fields == ["Signature", "Type", "String form", "Docstring"]
    assert "return values[n]" in said("at??")


def test_a_thousand_crashes_in_another_thread(shell: Kernel) -> None:
    code = (
        "import concurrent.futures\n"
        "with concurrent.futures.ThreadPoolExecutor(4) as pool:\n"
        "    print(sum(pool.map(crashes, [250] * 4)))"
    )
    assert printed(shell.run(code)) == "1000\n"


def test_a_thousand_crashes_after_and_in_an_asynchronous_cell(shell: Kernel) -> None:
    assert printed(shell.run("import asyncio\nawait asyncio.sleep(0.01)\nprint(crashes(500))")) == "500\n"
    assert printed(shell.run("print(crashes(500))")) == "500\n"


def comm(shell: Kernel, data: str) -> str:
    """Send a message to the comm that the kernel opened; return what its callback printed."""
    identity = printed(shell.run("print(channel.comm_id)")).strip()
    message = shell.client.session.msg("comm_msg", {"comm_id": identity, "data": {"what": data}})
    shell.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def until_idle(shell: Kernel, request: str, seconds: float = 60) -> str:
    text = ""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        message = shell.client.get_iopub_msg(timeout=seconds)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["header"]["msg_type"] == "stream":
            text += message["content"]["text"]
        if message["content"].get("execution_state") == "idle":
            return text
    raise TimeoutError(text)


CHANNEL = """
from comm import create_comm
channel = create_comm(target_name="test")
def answer(message):
    if message["content"]["data"]["what"] == "crashes":
        print(crashes(1000))
        return
    try:
        spin(began, 1)
    except KeyboardInterrupt:
        print("interrupted")
channel.on_msg(answer)
"""


def test_a_thousand_crashes_in_the_callback_of_a_widget(shell: Kernel) -> None:
    assert shell.run(CHANNEL).status == "ok"
    assert until_idle(shell, comm(shell, "crashes")) == "1000\n"


def stop(shell: Kernel) -> None:
    """Stop a call that is in Mojo: where it holds the GIL the kernel's output is kept back."""
    mark = Path(shell.manager.connection_file).parent / "began"
    wait_until(lambda: any(mark.read_bytes()), 20, "the call to begin")
    mark.write_bytes(bytes(8))
    shell.interrupt()


def interrupted(shell: Kernel, code: str) -> str:
    """Run code that does not end, stop it, and return what its KeyboardInterrupt left behind."""
    request = shell.start(f"try:\n    {code}\nexcept KeyboardInterrupt:\n    print('interrupted')")
    stop(shell)
    return printed(shell.finish(request, timeout=20))


def test_stop_interrupts_a_tight_loop_and_leaves_all_in_order(shell: Kernel) -> None:
    for code in ("spin(began, 1)", "busy(began, 1 << 40)"):
        assert interrupted(shell, code) == "interrupted\n"
        assert printed(shell.run("print(at(2), crashes(10))")) == "3 10\n"


def test_stop_interrupts_a_loop_in_and_after_an_asynchronous_cell(shell: Kernel) -> None:
    shell.run("import asyncio\nasync def work():\n    await asyncio.sleep(0.01)\n    spin(began, 1)")
    request = shell.start("await work()")
    stop(shell)
    assert shell.finish(request, timeout=20).reply["ename"] == "KeyboardInterrupt"
    assert interrupted(shell, "spin(began, 1)") == "interrupted\n"


def test_stop_interrupts_a_loop_in_the_callback_of_a_widget(shell: Kernel) -> None:
    assert shell.run(CHANNEL).status == "ok"
    request = comm(shell, "spin")
    stop(shell)
    assert until_idle(shell, request) == "interrupted\n"
    assert printed(shell.run("print(at(0))")) == "1\n"


def test_an_uncaught_crash_shows_the_line_of_the_cell_and_no_traceback(shell: Kernel) -> None:
    outcome = shell.run("at(9)")
    assert outcome.reply["ename"] == "MojoCrash"
    assert outcome.error.startswith("MojoCrash: cell:4:")
    assert "4 |     return values[n]" in outcome.error
    assert "called from this cell, line 1: at(9)" in outcome.error
    assert "Traceback" not in outcome.error


def test_the_words_of_an_abort_are_in_the_error_alone(shell: Kernel) -> None:
    cell = (
        "%%mojo{}\nfrom std.os import abort\ndef stop(n: Int) raises:\n    if n > 1:\n        abort('é\\nlast')\n"
        "    if n > 0:\n        raise Error('first\\nsecond')\n"
    )
    for mode in ("", " --mode isolated"):
        assert shell.run(cell.format(mode)).status == "ok"
        crashed = shell.run("stop(2)")
        assert crashed.error.startswith("MojoCrash: cell:5:14: é\nlast\n  5 |         abort('é\\nlast')")
        raised = shell.run("stop(1)")
        assert raised.error.startswith("MojoRuntimeError: first\nsecond\n")
        for outcome in (crashed, raised):
            assert outcome.stream() == ""
            assert "mc_" not in outcome.error
    program = shell.run(cell.format("") + "def main() raises:\n    stop(2)\n")
    assert program.error.startswith("MojoCrash: cell:5:14: é\nlast\n")
    assert program.stream() == ""


def test_after_all_that_nothing_is_damaged(shell: Kernel) -> None:
    assert (
        printed(shell.run("from mojocell import _bridge\nprint(_bridge.damaged(), at.mode)"))
        == "False inline\n"
    )


def test_a_function_may_print_more_than_a_pipe_holds(shell: Kernel) -> None:
    cell = "%%mojo\ndef chatter(n: Int) -> Int:\n    for i in range(n):\n        print('line', i, 'of many more')\n    return n\n"
    assert shell.run(cell).status == "ok"
    request = shell.start("told = chatter.mode, chatter(6000)")
    outcome = shell.finish(request)
    assert outcome.status == "ok", outcome.error
    said, wanted = outcome.stream(), "".join(f"line {i} of many more\n" for i in range(6000))
    # A thread of the kernel reads what was printed, and may still do so when the cell has ended.
    while len(said) < len(wanted):
        message = shell.client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") == request and message["header"]["msg_type"] == "stream":
            said += message["content"]["text"]
    assert said == wanted
    assert printed(shell.run("print(told)")) == "('inline', 6000)\n"
