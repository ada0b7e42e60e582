"""A soak: eight clients do everything at random, with one daemon that is killed now and then. Nothing is left over.

`MOJOCELL_SOAK` is its length in seconds, `MOJOCELL_SEED` a seed that was printed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon import alive, command_line, descendants, libexec, wait_until

ROOT = Path(__file__).resolve().parents[2]
FAKE_TOOLCHAIN = Path(
    os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"
)
CLIENTS = 8
STAYING = 3  # of them are never killed: their memory is looked at
SECONDS = float(os.environ.get("MOJOCELL_SOAK", "180"))

# What may be more at the end than when warm. An allocator keeps some pages, and a crash or a stop inline loses what the
# function had: by what such a call takes, a few hundred bytes. What leaks with each action is more than this after some hundred.
CLIENT_KB = 6 << 10
DAEMON_KB = 3 << 10
DESCRIPTORS = 4
THREADS = 1  # the widget's own ends when it has had nothing to do


def status_of(pid: int, name: str) -> int:
    rows = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    return int(rows[name].split()[0])


class Soak:
    """The clients, the daemon that the first of them starts, and what happens to them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.clients: dict[int, subprocess.Popen[bytes]] = {}
        self.began: dict[str, int] = {}
        shutil.copytree(FAKE_TOOLCHAIN, folder / "modular", symlinks=True)
        shutil.copy(folder / "modular" / "bin" / "quick", folder / "modular" / "bin" / "mojo")
        (folder / "disturbed").touch()
        (folder / "tmp").mkdir()
        self.runtime = folder / "run"
        self.env = os.environ | {
            "MOJOCELL_RUNTIME_DIR": str(self.runtime),
            "MOJOCELL_CACHE_DIR": str(folder / "cache"),
            "MOJOCELL_TOOLCHAIN": os.environ["MOJOCELL_TEST_TOOLCHAIN"],
            "TMPDIR": str(folder / "tmp"),
        }
        words = [libexec() / "mojocelld", "--runtime-dir", self.runtime, "--print-socket"]
        told = subprocess.run(words, capture_output=True, text=True, check=True, env=self.env)
        self.socket = Path(told.stdout.strip())

    # --- processes ---

    def processes(self, word: str) -> list[int]:
        """Those of this soak, alone, with that word in their command line."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                mark = f"MOJOCELL_RUNTIME_DIR={self.runtime}".encode()
                if mark in (entry / "environ").read_bytes() and alive(int(entry.name)):
                    found.append(int(entry.name))
        return [pid for pid in found if word in command_line(pid)]

    def daemon(self) -> list[int]:
        """Without what it has forked and what is not yet another program."""
        words = f"--runtime-dir {self.runtime}"
        found = [pid for pid in self.processes("mojocelld ") if words in command_line(pid)]
        return [pid for pid in found if parent(pid) not in found]

    def start(self, number: int) -> None:
        words = [sys.executable, Path(__file__).with_name("soak.py"), self.folder]
        words += [str(self.random.randrange(1 << 30)), str(number)]
        with (self.folder / f"client-{number}.log").open("ab") as log:
            self.clients[number] = subprocess.Popen(
                words, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @contextlib.contextmanager
    def disturbing(self) -> Iterator[None]:
        """What goes on meanwhile may fail, and that alone."""
        with (self.folder / "disturbed").open("ab", buffering=0) as file:
            file.write(b".")
            yield
            file.write(b".")

    # --- disturbances ---

    def kill(self, pids: list[int], how: int) -> None:
        for pid in pids[:1]:
            below = [pid, *descendants(pid)]
            with self.disturbing(), contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
                wait_until(lambda: not [each for each in below if alive(each)], 30, f"the end of {below}")  # noqa: B023

    def kill_daemon(self) -> None:
        self.kill(self.daemon(), self.random.choice([signal.SIGKILL, signal.SIGTERM]))

    def kill_runner(self) -> None:
        runners = [
            pid
            for daemon in self.daemon()
            for pid in self.processes("mojocell-runner")
            if parent(pid) == daemon
        ]
        self.random.shuffle(runners)
        self.kill(runners, signal.SIGKILL)

    def restart_client(self) -> None:
        number = self.random.randrange(STAYING, CLIENTS)
        how = self.random.choice([signal.SIGKILL, signal.SIGTERM])
        self.clients[number].send_signal(how)
        assert self.clients[number].wait(60) == -how, self.log(number)
        self.start(number)

    # --- the course of it ---

    def log(self, number: int) -> str:
        return (self.folder / f"client-{number}.log").read_text()

    def watch(self) -> None:
        for number, client in self.clients.items():
            assert client.poll() is None, f"client {number} ended with {client.poll()}:\n{self.log(number)}"

    def last(self, seconds: float, actions: list[Any]) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(self.random.random() * 4)
            self.watch()
            self.random.choice(actions)()

    def note_daemon(self) -> None:
        wait_until(lambda: len(self.daemon()) == 1, what="one daemon")
        self.began = self.of_daemon(self.daemon()[0])

    def of_daemon(self, pid: int) -> dict[str, int]:
        return {
            "pid": pid,
            "resident_kb": status_of(pid, "RssAnon"),
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "threads": status_of(pid, "Threads"),
        }

    def end(self) -> list[dict[str, Any]]:
        (self.folder / "stop").touch()
        told = []
        for number, client in self.clients.items():
            try:
                assert client.wait(90) == 0, self.log(number)
            except subprocess.TimeoutExpired:
                client.send_signal(signal.SIGUSR1)  # its stacks
                time.sleep(1)
                pytest.fail(f"client {number} does not end:\n{self.log(number)}")
            told.append(json.loads((self.folder / f"told-{number}.json").read_text()))
        return told


def parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return status_of(pid, "PPid")
    return 0


def grown(marks: list[dict[str, int]], name: str) -> int:
    return marks[-1][name] - marks[0][name]


def check_clients(told: list[dict[str, Any]]) -> None:
    for one in told[:STAYING]:
        marks = one["marks"]
        assert len(marks) > 1, f"too short to say anything: {one}"
        assert grown(marks, "resident_kb") < CLIENT_KB, one
        assert grown(marks, "descriptors") <= DESCRIPTORS, one
        assert grown(marks, "threads") <= THREADS, one
        assert grown(marks, "maps") < 100, one


def nothing_is_left(soak: Soak) -> None:
    """What the daemon has when all clients are gone, and what is there when it is gone as well."""
    (pid,) = soak.daemon()

    def alone() -> bool:
        """The daemon, its runners, and what each of these has forked ahead."""
        below = [each for each in soak.processes("") if each != pid]
        runners = [each for each in below if parent(each) == pid]
        ahead = [parent(each) for each in below if each not in runners]
        return set(ahead) <= set(runners) and len(ahead) <= 2 * len(runners) <= 4

    try:
        wait_until(alone, 30, f"nothing beside {pid} and its runners")
    except AssertionError:
        left = [(each, parent(each), command_line(each)) for each in soak.processes("")]
        pytest.fail(f"left: {left}")
    wait_until(
        lambda: not [path for path in soak.runtime.glob("work-*/*") if path.is_dir()],
        30,
        "work to be removed",
    )
    after = soak.of_daemon(pid)
    print("daemon", soak.began, after)
    assert after["pid"] == soak.began["pid"]
    assert after["resident_kb"] - soak.began["resident_kb"] < DAEMON_KB
    assert after["descriptors"] <= soak.began["descriptors"]
    assert after["threads"] == soak.began["threads"]
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not soak.processes(""), 30, "the end of all")


def files_are_whole(soak: Soak, kills: int) -> None:
    left = sorted(str(path.relative_to(soak.runtime)) for path in soak.runtime.rglob("*") if path.is_file())
    print("left in the runtime directory:", left)
    assert not [name for name in left if not name.endswith((".lock", ".start", ".log"))], left
    assert not list((soak.folder / "tmp").iterdir())
    cache = soak.folder / "cache"
    named = {json.loads(path.read_text().splitlines()[0])["artifact"] for path in cache.glob("v1/??/*.json")}
    there = {path.name for path in cache.glob("v1/??/*") if path.suffix == ".so"}
    assert named <= there
    half = there - named | {path.name for path in cache.rglob("*.tmp*")}
    print("left in the cache:", len(named), "entries,", len(half), "files of", kills, "kills")
    assert len(half) <= kills  # of a daemon that was killed while it published: swept after an hour


@pytest.fixture
def soak() -> Iterator[Soak]:
    seed = int(os.environ.get("MOJOCELL_SEED") or random.randrange(1 << 30))
    print(f"MOJOCELL_SEED={seed} MOJOCELL_SOAK={SECONDS:g}")
    with tempfile.TemporaryDirectory(prefix="mc-") as folder:
        one = Soak(Path(folder), seed)
        yield one
        for pid in one.processes(""):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for client in one.clients.values():
            client.wait()


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 600)
def test_a_soak(soak: Soak) -> None:
    kinds = [soak.kill_daemon, soak.kill_runner, soak.kill_runner, soak.restart_client]
    soak.start(0)
    wait_until(soak.socket.exists, 60, "the daemon")
    for number in range(1, CLIENTS):
        soak.start(number)
    soak.last(SECONDS / 2, kinds)
    soak.last(SECONDS / 6, kinds[1:])  # the last daemon becomes warm
    soak.note_daemon()
    soak.last(SECONDS / 3, kinds[1:])
    told = soak.end()
    print("actions", sum(one["done"] for one in told), "explained failures", [one["failed"] for one in told])
    for one in told[:STAYING]:
        print("staying client", one["done"], one["marks"])
    check_clients(told)
    nothing_is_left(soak)
    files_are_whole(soak, (soak.folder / "disturbed").stat().st_size // 2)
