"""Each cell of the table of faults in docs/testing.md, seen from the package: what comes, and that the next run works."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import mojocell as mc
from daemon import Daemon, Peer, alive, descendants, program, wait_until
from faults import KILL, Fault, Schedule
from mojocell.core import client

ROOT = Path(__file__).resolve().parents[2]
FAKE_TOOLCHAIN = Path(
    os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"
)
SANITIZED = FAKE_TOOLCHAIN.parents[1] / "libexec"


def table() -> dict[tuple[str, str], str]:
    """Read what each step and fault must give from the documentation."""
    text = (ROOT / "docs" / "testing.md").read_text()
    rows = re.search(r"\n## Faults.*?\n\n(\|.*?)\n\n", text, re.DOTALL)[1].splitlines()  # type: ignore[index]
    heads = [word.strip() for word in rows[0].strip("|").split("|")][1:]
    found = {}
    for row in rows[2:]:
        step, *cells = [word.strip().strip("`") for word in row.strip("|").split("|")]
        found |= {(step, head): cell for head, cell in zip(heads, cells, strict=True) if cell != "—"}
    return found


class Place:
    """Directories, a compiler and a schedule of one's own; the package finds its daemon there."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.runtime, self.cache = root / "run", root / "cache"
        self.runtime.mkdir(mode=0o700)
        self.toolchain = root / "modular"
        shutil.copytree(FAKE_TOOLCHAIN, self.toolchain, symlinks=True)
        shutil.copy(self.toolchain / "bin" / "quick", self.toolchain / "bin" / "mojo")
        self.schedule = Schedule(root / "faults")
        patch.setenv("MOJOCELL_RUNTIME_DIR", str(self.runtime))
        patch.setenv("MOJOCELL_CACHE_DIR", str(self.cache))
        patch.setenv("MOJOCELL_DAEMON", str(SANITIZED / "mojocelld"))
        patch.setenv("MOJOCELL_TOOLCHAIN", str(self.toolchain))
        patch.setenv("MOJOCELL_FAULTS", str(self.schedule.path))
        patch.chdir(root)

    def run(self, *lines: str) -> str:
        return mc.run(program(*lines)).stdout

    def pid(self) -> int:
        return int(mc.info()["pid"])

    def socket(self) -> str:
        (path,) = self.runtime.glob("*.sock")
        return str(path)

    def artifact(self) -> Path:
        (path,) = self.cache.rglob("*.so")
        return path


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    client.close()
    with tempfile.TemporaryDirectory(prefix="mc-") as directory:
        place = Place(Path(directory), monkeypatch)
        yield place
        place.schedule.set([])
        with contextlib.suppress(mc.DaemonUnavailable):
            pid = place.pid()
            below = descendants(pid)
            client.request({"op": "shutdown", "now": True})
            wait_until(lambda: not alive(pid), what="the daemon's end")
            wait_until(lambda: not [one for one in below if alive(one)], what="the end of what it started")
        logs = "".join(path.read_text() for path in place.runtime.glob("*.log"))
        assert "AddressSanitizer" not in logs and "runtime error" not in logs, logs
    client.close()


# ---- what to do for each cell: before the run, and the cell's own lines


@dataclass
class Case:
    """How a fault is made."""

    faults: list[Fault] = field(default_factory=list)
    lines: tuple[str, ...] = ()
    warm: bool = True  # a daemon runs already
    before: Callable[[Place], None] | None = None
    again: bool = False  # the run that counts is the second of the same cell


def at(step: str, action: int, **options) -> Case:
    return Case([Fault(step, 1, action)], **options)


def reconnect(place: Place) -> None:
    """What was connected is; the run connects anew."""
    client.close()


def leave_garbage(place: Place) -> None:
    """What other daemons, or a full disk, may have left."""
    build = subprocess.run(
        [str(SANITIZED / "mojocelld"), "--print-socket"], capture_output=True, text=True, check=True
    ).stdout.strip()
    Path(build).write_text("not a socket")
    (place.runtime / "work-of-nobody").write_text("garbage")


def send_garbage(place: Place) -> None:
    """Bytes that are no protocol, to the socket itself."""
    import socket

    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(place.socket())
        raw.sendall(os.urandom(4096))


def damage_artifact(place: Place) -> None:
    artifact = place.artifact()
    artifact.write_bytes(artifact.read_bytes()[:100])


def damage_entry(place: Place) -> None:
    (entry,) = [path for path in place.cache.rglob("*.json") if len(path.stem) == 64]
    entry.write_text(entry.read_text().replace('"size":', '"size":1'))


def damage_memo(place: Place) -> None:
    for path in place.cache.rglob("*"):
        if path.is_file() and "toolchain" in path.name:
            path.write_bytes(b"\xff" * 100)


ASKS_AND_DIES = """
import os, signal, sys
import mojocell as mc
threading = __import__("threading")
def die(*words): os.kill(os.getpid(), signal.SIGKILL)
from mojocell.core import client
header = {"op": "run", "source": sys.argv[4], "cwd": os.getcwd(), "toolchain": sys.argv[1], "env": {}, "sites": []}
when = sys.argv[2]
class Events:
    def __call__(self, header, frames=()):
        if header["event"] == when: die()
threading.Timer(20, die).start()
import zmq, json
socket = zmq.Context().socket(zmq.DEALER)
socket.connect("ipc://" + sys.argv[3])
socket.send(json.dumps({"op": "hello", "id": "h", "protocol": 1, "pid": os.getpid()}).encode())
socket.recv()
socket.send(json.dumps({**header, "id": "r"}).encode())
if when == "sent":
    die()
while True:
    event = json.loads(socket.recv_multipart()[0])
    if event["event"] == when:
        die()
"""


def client_dies(when: str) -> Callable[[Place], None]:
    def before(place: Place) -> None:
        source = program("compile: sleep 300", "run: append ran", "run: sleep 0.3")
        words = [sys.executable, "-c", ASKS_AND_DIES, str(place.toolchain), when, place.socket(), source]
        assert subprocess.run(words, check=False, capture_output=True).returncode == -signal.SIGKILL
        wait_until(lambda: mc.info()["open_requests"] == 0, what="the end of what it had asked")

    return before


def reads_slowly(place: Place) -> None:
    """A peer with a window that takes its output only when it is all there."""
    daemon = Daemon.__new__(Daemon)
    daemon.socket, daemon.directory, daemon.toolchain = place.socket(), place.root, place.toolchain
    daemon.log = lambda: ""  # type: ignore[method-assign]
    peer = Peer(daemon)
    id = peer.send(**daemon.run_header(program("run: flood 300000"), window=65536, op="run"))
    other = Peer(daemon)
    assert other.ask(op="info")["open_requests"] >= 1
    taken = 0
    header = {"event": ""}
    while header["event"] != "result":
        header, frames = peer.receive()
        if header["event"] == "stdout":
            taken += len(frames[0])
            peer.send(op="credit", id=id, bytes=len(frames[0]))
    assert taken == 300_000
    peer.close()
    other.close()


FULL, FILES, READ_ONLY, MEMORY, FORK = errno.ENOSPC, errno.EMFILE, errno.EROFS, errno.ENOMEM, errno.EAGAIN

CASES: dict[tuple[str, str], Case] = {
    ("start", "kill -9"): at("start", KILL, warm=False),
    ("start", "full disk"): at("mkdir", FULL, warm=False),
    ("start", "no descriptor"): at("start", FILES, warm=False),
    ("start", "read-only"): at("mkdir", READ_ONLY, warm=False),
    ("start", "corrupt"): Case(warm=False, before=leave_garbage),
    ("start", "no memory"): at("start", MEMORY, warm=False),
    ("accept", "kill -9"): at("accept", KILL, before=reconnect),
    ("accept", "no descriptor"): at("accept", FILES, before=reconnect),
    ("accept", "corrupt"): Case(before=send_garbage),
    ("accept", "client gone"): Case(before=client_dies("sent")),
    ("key", "kill -9"): at("prepare", KILL),
    ("key", "no descriptor"): at("prepare", FILES),
    ("key", "corrupt"): Case(before=damage_memo),
    ("key", "no memory"): at("prepare", MEMORY),
    ("compile", "kill -9"): Case(lines=("compile: kill",)),
    ("compile", "full disk"): at("write", FULL),
    ("compile", "no descriptor"): at("pipe", FILES),
    ("compile", "read-only"): at("mkdir", READ_ONLY),
    ("compile", "corrupt"): Case(lines=("compile: exit",)),
    ("compile", "client gone"): Case(before=client_dies("compiling")),
    ("compile", "no memory"): at("spawn", MEMORY),
    ("link", "kill -9"): Case(lines=("compile: link",)),
    ("publish", "kill -9"): at("publish", KILL),
    ("publish", "full disk"): at("publish", FULL),
    ("publish", "no descriptor"): at("publish", FILES),
    ("publish", "read-only"): at("publish", READ_ONLY),
    ("publish", "corrupt"): Case(before=damage_entry, again=True),
    ("fork", "kill -9"): at("fork", KILL),
    ("fork", "no descriptor"): at("fork", FILES),
    ("fork", "no memory"): at("fork", FORK),
    ("load", "kill -9"): at("load", KILL),
    ("load", "no descriptor"): at("load", FILES),
    ("load", "corrupt"): Case(before=damage_artifact, again=True),
    ("load", "no memory"): at("load", MEMORY),
    ("run", "kill -9"): at("begin", KILL),
    ("run", "no descriptor"): at("run", FILES),
    ("run", "slow reader"): Case(before=reads_slowly),
    ("run", "client gone"): Case(before=client_dies("started")),
    ("run", "no memory"): at("run", MEMORY),
    ("reply", "kill -9"): at("ended", KILL),
    ("reply", "slow reader"): Case(before=reads_slowly),
    ("reply", "client gone"): Case(before=client_dies("stdout")),
    ("reply", "no memory"): at("ended", MEMORY),
}


def test_every_cell_of_the_table_is_tried() -> None:
    assert set(table()) == set(CASES)


@pytest.mark.parametrize(("step", "fault"), list(CASES), ids=lambda word: word.replace(" ", "-"))
def test_a_fault_gives_what_the_table_says_and_the_next_run_works(
    place: Place, step: str, fault: str
) -> None:
    case = CASES[step, fault]
    lines = (*case.lines, "run: print answer")
    if case.warm:
        assert place.run("run: print warm") == "warm\n"
        if case.again:
            client.request({"op": "cache.clear"})
            place.run(*lines)
    if case.before:
        case.before(place)
    place.schedule.set(case.faults)
    came = "answer"
    try:
        assert place.run(*lines) == "answer\n"
    except mc.MojoError as error:
        came = error.code
        assert str(error)
    assert [fault.step for fault in case.faults] == place.schedule.fired()
    assert came == table()[step, fault]
    place.schedule.set([])
    assert place.run("run: print next") == "next\n"
    assert place.run("run: print next") == "next\n"
    pid = place.pid()
    wait_until(
        lambda: not [one for one in place.runtime.glob("work-*/*") if one.is_dir()],
        what="an empty work directory",
    )
    wait_until(lambda: len(descendants(pid)) <= 2, what="the end of all but the runner")


def test_memory_refused_at_any_point_of_a_run_is_told_or_made_up_for(place: Place) -> None:
    """Allocation by allocation, until a run comes through without meeting its fault."""
    place.run("run: print warm")
    outcomes = set()
    for kind in ("memory", "json"):
        for number in range(1, 1000):
            place.schedule.set([Fault(kind, number, errno.ENOMEM)])
            try:
                outcomes.add(place.run("run: print answer", f"{kind} {number}"))
            except mc.MojoError as error:
                outcomes.add(error.code)
            if not place.schedule.fired():
                break
        else:
            pytest.fail(f"a run makes more than 1,000 allocations of {kind}")
    place.schedule.set([])
    assert place.run("run: print answer") == "answer\n"
    assert outcomes <= {"answer\n", "no_memory", "system", "invalid_request", "cache_unavailable", "timeout"}
    assert "answer\n" in outcomes and "no_memory" in outcomes


def test_two_threads_of_a_killed_daemon_get_one_new_one(place: Place) -> None:
    place.run("run: print warm")
    os.kill(place.pid(), signal.SIGKILL)
    outputs: list[str] = []
    threads = [threading.Thread(target=lambda: outputs.append(place.run("run: print new"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outputs == ["new\n"] * 4
    assert re.fullmatch(r"\d+", str(place.pid()))
