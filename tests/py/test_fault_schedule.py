"""Faults by schedule: thousands of random hours of a daemon, each a seed that can be run again.

A seed is a handful of clients that ask for this and that of a compiler that costs nothing, and faults among them: the
system refuses at a step, a process is killed, a client cancels or leaves. Whatever happens, each request gets exactly one last
event, and afterwards nothing is open, no process and no descriptor is left.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import zmq

from daemon import Daemon, Peer, alive, program, wait_until
from faults import KILL, STEPS, Fault, Schedule

ROOT = Path(__file__).resolve().parents[2]
FAKE_TOOLCHAIN = Path(
    os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"
)
SANITIZED = FAKE_TOOLCHAIN.parents[1] / "libexec"
SECONDS = 30.0

COMPILES = ["", "", "", "", "error", "crash", "crash optimized", "exit", "sleep 5", "hang"]
RUNS = [
    "print a",
    "print b",
    "exit 3",
    "crash",
    "abort",
    "sleep 0.01",
    "flood 100000",
    "append file",
    "spin",
    "escape",
]


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def name_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


@dataclass
class Asked:
    """A request of a seed, and what came of it."""

    peer: Peer
    id: str
    endless: bool  # ends only when it is cancelled, or its limit is met
    cancel_after: int  # events; 0: never
    events: list[str] = field(default_factory=list)
    lasts: list[dict[str, Any]] = field(default_factory=list)


class Seed:
    """One seed against the daemon."""

    def __init__(self, daemon: Daemon, schedule: Schedule, number: int) -> None:
        self.daemon, self.schedule, self.number = daemon, schedule, number
        self.random = random.Random(number)
        self.peers = [Peer(daemon, pid=os.getpid()) for _ in range(self.random.randint(1, 3))]
        self.asked: list[Asked] = []
        self.without_id = 0
        self.gone: list[Peer] = []

    def faults(self) -> list[Fault]:
        found = []
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            step = self.random.choice(list(STEPS))
            action = KILL if self.random.random() < 0.02 else self.random.choice(STEPS[step])
            most = 400 if step in ("json", "memory") else 6
            found.append(Fault(step, self.random.randint(1, most), action))
        return found

    def source(self) -> tuple[str, bool]:
        """A cell, and whether it has no end of its own."""
        compiling = self.random.choice(COMPILES)
        running = [self.random.choice(RUNS) for _ in range(self.random.randint(0, 2))]
        lines = [f"compile: {compiling}"] if compiling else []
        lines += [f"run: {line}" for line in running]
        # Few different ones: they join each other, and come from the cache.
        lines.append(f"{self.random.randint(0, 3)} of {self.number // 8}")
        return program(*lines), compiling == "hang" or "spin" in running

    def ask(self) -> None:
        peer = self.random.choice(self.peers)
        op = self.random.choice(["run"] * 6 + ["compile", "info", "cache.stats", "cache.clear"])
        if op not in ("run", "compile"):
            self.asked.append(Asked(peer, peer.send(op=op), endless=False, cancel_after=0))
            return
        source, endless = self.source()
        header = self.daemon.run_header(source, op=op)
        header |= self.random.choice([{}, {}, {}, {"force": True}])
        if op == "run":
            header |= self.random.choice(
                [{}, {}, {"window": 4000}, {"limits": {"wall": 0.02}}, {"fresh": True}]
            )
        cancel = self.random.choice([0, 0, 1, 2, 3])
        self.asked.append(Asked(peer, peer.send(**header), endless, cancel))

    def kill_something(self) -> None:
        below = children(self.daemon.pid)
        below += [
            pid for child in below if name_of(child).startswith("mojocell-runn") for pid in children(child)
        ]
        if below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(below), signal.SIGKILL)

    def leave(self) -> None:
        if len(self.peers) > 1:
            peer = self.peers.pop(self.random.randrange(len(self.peers)))
            peer.close()
            self.gone.append(peer)

    def open(self) -> list[Asked]:
        return [one for one in self.asked if not one.lasts and one.peer not in self.gone]

    def take(self, peer: Peer) -> None:
        header, _ = peer.receive(0)
        if not header["id"]:
            self.without_id += 1  # not even the id could be read for want of memory
            return
        for one in self.asked:
            if one.peer is peer and one.id == header["id"]:
                break
        else:
            return  # of a cancel
        assert not one.lasts, f"seed {self.number}: {header} after {one.lasts}"
        one.events.append(header["event"])
        if header["event"] in ("result", "error"):
            one.lasts.append(header)
        elif header["event"] in ("stdout", "stderr", "output"):
            peer.send(op="credit", id=one.id, bytes=header["bytes"])
        if len(one.events) == one.cancel_after and not one.lasts:
            peer.send(op="cancel", target=one.id)

    def dead(self) -> bool:
        assert self.daemon.process
        return self.daemon.process.poll() is not None

    def collect(self) -> None:
        """Until each has its last event, or the daemon was killed."""
        poller = zmq.Poller()
        for peer in self.peers:
            poller.register(peer.socket, zmq.POLLIN)
        waited = 0.0
        while len(self.open()) > self.without_id and not self.dead():
            ready = dict(poller.poll(50))
            waited = 0 if ready else waited + 0.05
            for peer in self.peers:
                if peer.socket in ready:
                    self.take(peer)
            if not ready:
                for one in self.open():
                    if one.endless or waited > 1:  # an escaped one, or one whose cancel came too early
                        one.peer.send(op="cancel", target=one.id)
            assert waited < SECONDS, (
                f"seed {self.number}: no last event for {self.open()}\n{self.daemon.log()}"
            )

    def play(self) -> None:
        self.schedule.set(self.faults())
        for _ in range(self.random.randint(2, 7)):
            self.random.choice([self.ask] * 8 + [self.kill_something, self.leave])()
            if self.random.random() < 0.3:
                for peer in self.peers:
                    while peer.socket.poll(1):
                        self.take(peer)
        self.collect()

    def end(self) -> bool:
        """What is left must be nothing. Returns whether the daemon lives."""
        fired = self.schedule.fired()
        self.schedule.set([])
        if self.dead():
            assert self.daemon.process
            assert self.daemon.process.returncode == -signal.SIGKILL, (
                f"seed {self.number}: {fired}\n{self.daemon.log()}"
            )
        for peer in self.peers:
            peer.close()
        return not self.dead()


class Stage:
    """The daemon under test, started again where a seed has killed it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.toolchain = root / "modular"
        shutil.copytree(FAKE_TOOLCHAIN, self.toolchain, symlinks=True)
        shutil.copy(self.toolchain / "bin" / "quick", self.toolchain / "bin" / "mojo")
        self.schedule = Schedule(root / "faults")
        self.daemon: Daemon | None = None
        self.descriptors = 0
        self.left = ""

    def start(self) -> Daemon:
        daemon = Daemon(self.root, self.toolchain)
        warm = Peer(daemon)
        warm.run(program("run: print warm"))
        warm.close()
        return daemon

    def settled(self, daemon: Daemon) -> bool:
        """Nothing is open, compiles or runs, and no file is left of it."""
        asking = Peer(daemon)
        info = asking.ask(op="info")
        asking.close()
        runners = [runner["pid"] for runner in info["runners"]]
        busy = [pid for pid in children(daemon.pid) if pid not in runners]
        busy += [
            pid
            for runner in runners
            for pid in children(runner)
            if not name_of(pid).startswith("mojocell-runn")
        ]
        left = [path for path in daemon.runtime.glob("work-*/*") if path.is_dir()]
        self.left = f"{info['open_requests']} open; {[(pid, name_of(pid)) for pid in busy]}; {left}"
        return info["open_requests"] == 0 and not busy and not left

    def play(self, number: int) -> None:
        if self.daemon is None:
            self.daemon = self.start()
        daemon = self.daemon
        seed = Seed(daemon, self.schedule, number)
        below = children(daemon.pid)
        seed.play()
        below += children(daemon.pid)
        if not seed.end():
            self.daemon = None
            wait_until(
                lambda: not [pid for pid in below if alive(pid)], SECONDS, f"the end of all (seed {number})"
            )
            return
        try:
            wait_until(lambda: self.settled(daemon), SECONDS)
        except AssertionError:
            pytest.fail(f"left after seed {number}: {self.left}\n{daemon.log()}")
        files = len(os.listdir(f"/proc/{daemon.pid}/fd"))
        self.descriptors = self.descriptors or files
        # A runner that lives has its link, and a socket of each process that is forked ahead.
        assert files <= self.descriptors + 10, (
            f"seed {number}: {files} descriptors, {self.descriptors} before"
        )


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="mc-") as directory:
        monkeypatch.setenv("MOJOCELL_TEST_LIBEXEC", str(SANITIZED))
        monkeypatch.setenv("MOJOCELL_FAULTS", str(Path(directory) / "faults"))
        stage = Stage(Path(directory))
        yield stage
        if stage.daemon:
            stage.daemon.stop()


def test_whatever_fails_each_request_gets_one_last_event_and_nothing_is_left(stage: Stage) -> None:
    first = int(os.environ.get("MOJOCELL_SEED", "0"))
    for number in range(first, first + int(os.environ.get("MOJOCELL_SEEDS", "200"))):
        stage.play(number)


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_a_thousand_seeds(stage: Stage, part: int) -> None:
    for number in range(1000 * (part + 1), 1000 * (part + 2)):
        stage.play(number)
