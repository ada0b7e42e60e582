"""The extension against the scripted daemon of tests/fake/fake_daemon.c."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mojocell import _bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
INFO = '{"op":"info"}'


class Place:
    """A runtime directory and the daemons that were started in it."""

    def __init__(self, daemon: str) -> None:
        self.dir = tempfile.mkdtemp(prefix="mc-bridge-", dir="/tmp")
        self.daemon = daemon

    def client(self, **options: Any) -> Any:
        return _bridge.Client(self.dir, self.daemon, **options)

    def starts(self) -> list[int]:
        with suppress(FileNotFoundError):
            return [int(line) for line in Path(self.dir, "starts").read_text().split()]
        return []

    def remove(self) -> None:
        for pid in self.starts():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir)


@pytest.fixture
def place() -> Iterator[Place]:
    daemon = os.environ.get("MOJOCELL_FAKE_DAEMON") or str(ROOT / "build/sanitize/tests/c/fake_daemon")
    assert os.access(daemon, os.X_OK), (
        f"{daemon} is not built: ./dev test does, or name one as MOJOCELL_FAKE_DAEMON"
    )
    made = Place(daemon)
    yield made
    made.remove()


def script(*lines: str) -> str:
    return json.dumps({"op": "run", "source": "\n".join(lines)})


class Events:
    """Collects what comes; `then` is done in each event."""

    def __init__(self, then: Callable[[str], None] | None = None) -> None:
        self.names: list[str] = []
        self.output = b""
        self.then = then

    def __call__(self, header: bytes, frames: list[bytes]) -> None:
        assert type(header) is bytes
        assert type(frames) is list
        name = json.loads(header)["event"]
        self.names.append(name)
        self.output += b"".join(frames)
        if self.then:
            self.then(name)


def test_error_codes_are_those_of_the_runtime() -> None:
    text = (ROOT / "runtime/base/errors.def").read_text()
    assert list(_bridge.ERROR_CODES) == re.findall(r'^MC_CODE\(\w+, "(\w+)"\)', text, re.MULTILINE)


def test_constants_name_version_build_and_protocol() -> None:
    assert _bridge.PROTOCOL == 1
    assert re.fullmatch(r"[0-9a-f]{12}", _bridge.BUILD)
    assert re.fullmatch(r"\d+\.\d+\.\d+", _bridge.VERSION)


def test_a_request_returns_its_result_and_hands_on_its_events(place: Place) -> None:
    client = place.client()
    events = Events()
    assert client.pid is None
    header, frames = client.request(script("queued", "started", "stdout 4", "result"), on_event=events)
    assert json.loads(header)["ok"] is True
    assert frames == []
    assert events.names == ["queued", "started", "stdout"]
    assert events.output == b"xxxx"
    assert [client.pid] == place.starts()


def test_headers_are_text_or_bytes_and_frames_anything_with_bytes(place: Place) -> None:
    client = place.client()
    frames = (b"a", bytearray(b"bc"), memoryview(b"d"))
    for header in (INFO, INFO.encode()):
        answer, _ = client.request(header, frames)
        assert json.loads(answer)["frames"] == 3


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((None,), TypeError),
        ((INFO, 3), TypeError),
        ((INFO, ["text"]), TypeError),
        ((INFO, [b""] * 65), ValueError),
        ((INFO, [], 3), TypeError),
        ((INFO, [], None, -1), ValueError),
        ((INFO, [], None, float("nan")), ValueError),
        ((INFO, [], None, "soon"), TypeError),
        ((INFO, [], None, True), TypeError),
        ((INFO, [], None, -(10**400)), ValueError),
        ((INFO, [], None, None, -1), ValueError),
        ((INFO, [], None, None, float("nan")), ValueError),
        ((INFO, [], None, None, None, 3), TypeError),
        (("\ud800",), UnicodeEncodeError),
    ],
)
def test_arguments_that_are_wrong_are_refused(place: Place, arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        place.client().request(*arguments)
    assert place.starts() == []


def test_an_error_has_code_message_and_hint_and_survives_pickling(place: Place) -> None:
    with pytest.raises(_bridge.Error) as raised:
        place.client().request(script("refuse limit"))
    for error in (raised.value, pickle.loads(pickle.dumps(raised.value))):
        assert (error.code, error.message, error.hint) == ("limit", "as told", "a hint")
        assert str(error) == "as told"


def test_a_missing_hint_is_none(place: Place) -> None:
    with pytest.raises(_bridge.Error) as raised:
        place.client().request("{}")
    assert raised.value.code == "invalid_request"
    assert raised.value.hint is None


def test_nothing_is_started_where_that_is_not_wanted(place: Place) -> None:
    with pytest.raises(_bridge.Error) as raised:
        place.client(start=False).request(INFO)
    assert raised.value.code == "daemon_unavailable"
    assert place.starts() == []


def test_a_runtime_directory_that_is_refused_is_an_error(place: Place) -> None:
    Path(place.dir).chmod(0o777)
    with pytest.raises(_bridge.Error, match="is open to others") as raised:
        place.client()
    assert raised.value.code == "permission"
    assert raised.value.hint


def test_control_c_keeps_the_last_output_and_raises(place: Place) -> None:
    client = place.client()
    events = Events(lambda name: os.kill(os.getpid(), signal.SIGINT) if name == "started" else None)
    client.request(INFO)
    with pytest.raises(KeyboardInterrupt):
        client.request(script("started", "hang-late"), on_event=events)
    assert events.output == b"x" * 7
    client.request(INFO)
    assert len(place.starts()) == 1


def test_control_c_while_waiting_is_seen(place: Place) -> None:
    client = place.client()
    client.request(INFO)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        client.request(script("started", "hang"))
    timer.join()
    client.request(INFO)


def test_control_c_while_a_daemon_starts_is_seen_and_ends_it(place: Place, tmp_path: Path) -> None:
    daemon = tmp_path / "daemon"
    daemon.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nkill -INT {os.getpid()}\nexec sleep 600\n")
    daemon.chmod(0o755)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        _bridge.Client(place.dir, str(daemon)).request(INFO)
    assert time.monotonic() - began < 5
    pid = int((tmp_path / "pid").read_text())
    while Path(f"/proc/{pid}").exists():  # a test that hangs has failed
        os.sched_yield()


def test_a_signal_handler_that_does_not_raise_does_not_interrupt(place: Place) -> None:
    client = place.client()
    seen: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: seen.append(number))
    try:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        with pytest.raises(_bridge.Error) as raised:
            client.request(script("started", "hang"), timeout=0.5)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert raised.value.code == "timeout"
    assert seen == [signal.SIGUSR1]


def test_an_exception_in_on_event_cancels_and_propagates(place: Place) -> None:
    def refuse(name: str) -> None:
        raise LookupError(name)

    client = place.client()
    events = Events(refuse)
    with pytest.raises(LookupError, match="queued"):
        client.request(script("queued", "flood 30000000", "result"), on_event=events)
    assert events.names == ["queued"]
    client.request(INFO)


def test_who_follows_a_request_is_asked_while_nothing_comes(place: Place) -> None:
    client = place.client()
    asked: list[int] = []

    def enough() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise LookupError

    with pytest.raises(LookupError):
        client.request(script("started", "hang"), on_quiet=enough)
    assert len(asked) == 3
    client.request(INFO)


def test_another_thread_interrupts(place: Place) -> None:
    client = place.client()
    with pytest.raises(_bridge.Error) as raised:
        client.request(
            script("started", "hang"),
            on_event=Events(lambda _: threading.Timer(0.1, client.interrupt).start()),
        )
    assert raised.value.code == "interrupted"


def test_a_timeout_is_an_error(place: Place) -> None:
    client = place.client()
    with pytest.raises(_bridge.Error) as raised:
        client.request(script("started", "hang"), timeout=0.1)
    assert raised.value.code == "timeout"


@pytest.mark.parametrize("much", [1e9, 1e10, 1e12, 1e300, float("inf"), 10**400])
def test_a_time_of_any_size_is_time(place: Place, much: float) -> None:
    client = place.client()
    client.request(INFO, timeout=much, silence=much)
    with pytest.raises(_bridge.Error) as raised:
        client.request(script("started", "hang"), (), Events(lambda _: client.interrupt()), much, much)
    assert raised.value.code == "interrupted"


def is_unheard(raised: pytest.ExceptionInfo[_bridge.Error], pid: int | None) -> bool:
    error = raised.value
    return (
        error.code == "daemon_unavailable"
        and "does not answer" in error.message
        and f"kill -9 {pid}" in str(error.hint)
    )


@pytest.mark.parametrize("bound", ["timeout", "silence"])
@pytest.mark.parametrize("greeted", [True, False])
def test_a_daemon_that_is_stopped_is_given_up_and_left_alone(place: Place, bound: str, greeted: bool) -> None:
    first = place.client()
    first.request(INFO)
    pid = first.pid
    client = first if greeted else place.client()
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(_bridge.Error) as raised:
            client.request(script("result"), **{bound: 2})
    finally:
        os.kill(pid, signal.SIGCONT)
    assert is_unheard(raised, pid)
    client.request(INFO)
    assert client.pid == pid
    assert len(place.starts()) == 1


def test_a_daemon_that_is_stopped_in_the_middle_is_given_up(place: Place) -> None:
    client = place.client()
    events = Events(lambda _: os.kill(client.pid, signal.SIGSTOP))
    with pytest.raises(_bridge.Error) as raised:
        client.request(script("started", "hang"), on_event=events, silence=1)
    os.kill(client.pid, signal.SIGCONT)
    assert events.names == ["started"]
    assert is_unheard(raised, client.pid)


def test_a_daemon_that_has_nothing_to_say_is_waited_for(place: Place) -> None:
    client = place.client()
    heard = Path(place.dir, "hellos")

    def interrupt() -> None:
        while len(heard.read_text().split()) < 4:
            threading.Event().wait(0.01)
        client.interrupt()

    waiter = threading.Thread(target=interrupt)
    with pytest.raises(_bridge.Error) as raised:
        client.request(script("started", "hang"), (), Events(lambda _: waiter.start()), silence=1)
    waiter.join()
    assert raised.value.code == "interrupted"
    assert len(heard.read_text().split()) >= 4


@pytest.mark.parametrize("mood", ["full", "crowded"])
def test_a_daemon_without_room_says_what_to_do(
    place: Place, monkeypatch: pytest.MonkeyPatch, mood: str
) -> None:
    monkeypatch.setenv("MC_FAKE", mood)
    client = place.client()
    for _ in range(2):
        with pytest.raises(_bridge.Error, match="too many clients") as raised:
            client.request(INFO)
        assert raised.value.code == "too_many_clients"
        assert "ulimit -n" in str(raised.value.hint)


def test_any_request_may_be_told_that_there_is_no_room(place: Place) -> None:
    client = place.client()
    client.request(INFO)
    with pytest.raises(_bridge.Error, match="too many clients") as raised:
        client.request(script("refuse too_many_clients"))
    assert raised.value.code == "too_many_clients"
    client.request(INFO)


def test_sixty_threads_with_a_client_each_share_a_daemon(place: Place) -> None:
    answers: list[str] = []

    def work() -> None:
        client = place.client()
        try:
            for _ in range(3):
                client.request(script("started", "stdout 100", "result"), timeout=60)
            answers.append("works")
        except _bridge.Error as error:
            answers.append(error.code)
        client.close()

    threads = [threading.Thread(target=work) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert answers == ["works"] * 60
    assert len(place.starts()) == 1


def test_a_process_with_a_client_in_a_subinterpreter_ends(place: Place) -> None:
    inner = f"""
import sys
sys.path[:] = {sys.path}
from mojocell import _bridge
client = _bridge.Client({place.dir!r}, {place.daemon!r})
client.request('{INFO}')
class AtTheEnd:
    def __del__(self, client=client):
        client.request('{INFO}')
late = AtTheEnd()
"""
    outer = f"""
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
{inner}
del late
other = interpreters.create()
assert not interpreters.run_string(other, {inner!r})
print("done", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE, text=True)
    try:
        assert process.communicate(timeout=60)[0] == "done\n"
    finally:
        process.kill()  # also where it hangs: it is then no process that SIGTERM ends
    assert process.returncode == 0


def test_a_closed_client_refuses_and_may_be_closed_again(place: Place) -> None:
    client = place.client()
    client.request(INFO)
    client.close()
    client.close()
    client.interrupt()
    assert client.pid is None
    with pytest.raises(ValueError, match="closed"):
        client.request(INFO)


def test_closing_interrupts_what_is_under_way(place: Place) -> None:
    client = place.client()
    with pytest.raises(_bridge.Error) as raised:
        client.request(
            script("started", "hang"), on_event=Events(lambda _: threading.Timer(0.1, client.close).start())
        )
    assert raised.value.code == "interrupted"
    with pytest.raises(ValueError, match="closed"):
        client.request(INFO)


def test_threads_share_a_client(place: Place) -> None:
    client = place.client()
    wrong: list[Any] = []

    def work(number: int) -> None:
        for i in range(20):
            events = Events()
            client.request(script(f"stdout {number * 100 + i}", "result"), on_event=events)
            if len(events.output) != number * 100 + i:
                wrong.append((number, i, len(events.output)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(place.starts()) == 1


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_client_works_on_both_sides_of_a_fork(place: Place) -> None:
    client = place.client()
    client.request(INFO)
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(BaseException):
            client.request(script("started", "result"))
            del client
            status = 0
        os._exit(status)
    for _ in range(20):
        client.request(INFO)
    assert os.waitpid(child, 0)[1] == 0
    client.request(INFO)
    assert len(place.starts()) == 1


def test_requests_leave_no_references_and_no_memory_behind(place: Place) -> None:
    client = place.client()
    header = script("queued", "stdout 1000", "result").encode()
    frame = bytes(1000)
    events = Events()
    failing = Events(lambda _: 1 / 0)  # type: ignore[arg-type, return-value]

    def round_of_requests() -> None:
        client.request(header, [frame], events)
        for callback, raised in ((failing, ZeroDivisionError), (3, TypeError)):
            with suppress(raised):
                client.request(header, [frame], callback)
        with suppress(_bridge.Error):
            client.request(script("refuse limit"))
        events.names.clear()
        failing.names.clear()
        events.output = failing.output = b""

    def counts() -> list[int]:
        return [
            sys.getrefcount(x)
            for x in (header, frame, events, failing, _bridge.Error, _bridge.Client, client)
        ]

    for _ in range(20):
        round_of_requests()
    before = counts()
    tracemalloc.start()
    try:
        taken = tracemalloc.get_traced_memory()[0]
        for _ in range(300):
            round_of_requests()
        grown = tracemalloc.get_traced_memory()[0] - taken
    finally:
        tracemalloc.stop()
    assert counts() == before
    assert grown < 300 * 32


def test_clients_leave_no_descriptors_and_no_threads_behind(place: Place) -> None:
    def use() -> None:
        client = place.client()
        client.request(INFO)
        client.close()
        place.client().request(INFO)

    use()
    descriptors = len(os.listdir("/proc/self/fd"))
    threads = len(os.listdir("/proc/self/task"))
    for _ in range(20):
        use()
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert len(os.listdir("/proc/self/task")) == threads
