"""A daemon of one's own for a test, and a peer that speaks plain ZeroMQ to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq

import events
from mojocell.core import printed


def libexec() -> Path:
    """The executables under test: MOJOCELL_TEST_LIBEXEC, else those of the installed package."""
    if "MOJOCELL_TEST_LIBEXEC" in os.environ:
        return Path(os.environ["MOJOCELL_TEST_LIBEXEC"])
    import mojocell

    return Path(mojocell.__file__).parent / "_libexec"


def wait_until(condition: Callable[[], Any], seconds: float = 10.0, what: str = "a condition") -> Any:
    """The condition's first true value; fails the test after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s for {what}")


def program(*lines: str) -> str:
    """Return a cell that tells the fake compiler what to do, in words that are no comments: those cost nothing."""
    words = "".join(f"# {line}\n" for line in lines)
    return f'def main():\n    """\n{words}    """\n    pass\n'


def alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def descendants(pid: int) -> list[int]:
    """Every living process below `pid`."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            fields = stat.rpartition(")")[2].split()
            if fields[0] not in "ZX":
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    todo = [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def command_line(pid: int) -> str:
    """The words of a process, or nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


@dataclass
class Reply:
    """What a request was answered: its last event, those before it, and the output put together."""

    last: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    stdout: bytes = b""
    stderr: bytes = b""

    def __getitem__(self, name: str) -> Any:
        return self.last[name]

    def names(self) -> list[str]:
        return [event["event"] for event in self.events]


class Peer:
    """A DEALER that said hello; each event that it gets is held against the schema."""

    def __init__(self, daemon: Daemon, hello: bool = True, pid: int | None = None) -> None:
        self.daemon = daemon
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.rcvhwm = 0
        self.socket.connect(f"ipc://{daemon.socket}")
        self.count = 0
        if hello:
            request = {"op": "hello", "protocol": 1}
            if pid:
                request["pid"] = pid
            self.hello = self.ask(**request).last

    def close(self) -> None:
        self.socket.close()

    def send(self, frames: tuple[bytes, ...] = (), **header: Any) -> str:
        """Sends a request; an id is made where it has none. Gives back the id."""
        self.count += 1
        header.setdefault("id", f"r{self.count}")
        self.socket.send_multipart([json.dumps(header).encode(), *frames])
        return header["id"]

    def receive(self, seconds: float = 30.0) -> tuple[dict[str, Any], list[bytes]]:
        if not self.socket.poll(int(seconds * 1000)):
            raise AssertionError(f"no answer within {seconds} s; log:\n{self.daemon.log()}")
        parts = self.socket.recv_multipart()
        text, *frames = parts if parts[0] else parts[1:]  # an empty first part: answered as a REQ
        header = json.loads(text)
        events.check(header)
        return header, frames

    def collect(
        self, id: str, seconds: float = 30.0, on_event: Callable[[dict], None] | None = None
    ) -> Reply:
        """Everything up to the last event of the request."""
        reply = Reply({})
        while not reply.last:
            header, frames = self.receive(seconds)
            if header["id"] != id:
                continue
            if header["event"] in ("result", "error"):
                reply.last = header
                break
            reply.events.append(header)
            if printed.is_output(header["event"]):
                for stream, piece in printed.of_event(header, frames).pieces():
                    setattr(reply, stream, getattr(reply, stream) + piece)
            if on_event:
                on_event(header)
        return reply

    def ask(self, frames: tuple[bytes, ...] = (), **header: Any) -> Reply:
        return self.collect(self.send(frames, **header))

    def run(self, source: str, frames: tuple[bytes, ...] = (), **header: Any) -> Reply:
        return self.ask(frames, **self.daemon.run_header(source, **header))


class Daemon:
    """A mojocelld with directories of its own."""

    def __init__(self, root: Path, toolchain: Path, **options: Any) -> None:
        self.runtime = root / "run"
        self.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.cache = Path(options.pop("cache", root / "cache"))
        self.toolchain = toolchain
        self.directory = root
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        read, write = os.pipe()
        words = [
            str(libexec() / "mojocelld"),
            "--runtime-dir",
            str(self.runtime),
            "--cache-dir",
            str(self.cache),
        ]
        words += ["--ready-fd", str(write), "--log", str(self.runtime / "log")]
        for name, value in self.options.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        self.socket = subprocess.run(
            [*words, "--print-socket"], capture_output=True, text=True, check=True
        ).stdout.strip()
        self.process = subprocess.Popen(words, pass_fds=[write], stdin=subprocess.DEVNULL)
        os.close(write)
        with open(read) as ready:
            line = ready.readline()
        if line != "ready\n":
            raise AssertionError(f"the daemon said {line!r}; log:\n{self.log()}")
        self.pid = self.process.pid

    def log(self) -> str:
        path = self.runtime / "log"
        return path.read_text() if path.exists() else ""

    def run_header(self, source: str, **header: Any) -> dict[str, Any]:
        base: dict[str, Any] = {
            "op": "run",
            "source": source,
            "cwd": str(self.directory),
            "env": {"PATH": os.environ["PATH"]},
        }
        base["toolchain"] = str(self.toolchain)
        return base | header

    def compilations(self) -> int:
        """How many times the fake compiler was started."""
        log = self.toolchain / "compilations.log"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def stop(self) -> None:
        """Ends the daemon; whatever it leaves behind fails the test."""
        assert self.process
        below = descendants(self.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the daemon did not end; log:\n{self.log()}") from None
        wait_until(lambda: not [pid for pid in below if alive(pid)], what="the end of the daemon's processes")
        assert "ERROR: AddressSanitizer" not in self.log()
        assert "runtime error:" not in self.log(), self.log()


@contextmanager
def running(root: Path, toolchain: Path, **options: Any) -> Iterator[Daemon]:
    daemon = Daemon(root, toolchain, **options)
    try:
        yield daemon
    finally:
        daemon.stop()


if __name__ == "__main__":
    sys.exit("a module for tests")
