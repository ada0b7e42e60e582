"""Nothing is lost, and nothing false is found: kills at the worst moment, shared caches, wrong clocks, no room for processes."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon import Daemon, Peer, alive, descendants, program, running, wait_until
from faults import KILL, Fault, Schedule

ROOT = Path(__file__).resolve().parents[2]
FAKE_TOOLCHAIN = Path(
    os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"
)
SANITIZED = FAKE_TOOLCHAIN.parents[1] / "libexec"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory in whose path a socket has room, and which any user may enter."""
    with tempfile.TemporaryDirectory(prefix="mc-") as directory:
        place = Path(directory)
        place.chmod(0o755)
        yield place


@pytest.fixture
def toolchain(folder: Path) -> Path:
    """A copy of the fake toolchain, with the compiler that costs nothing."""
    copy = folder / "modular"
    shutil.copytree(FAKE_TOOLCHAIN, copy, symlinks=True)
    shutil.copy(copy / "bin" / "quick", copy / "bin" / "mojo")
    return copy


def runner_of(daemon: Daemon) -> int:
    asking = Peer(daemon)
    (info,) = asking.ask(op="info")["runners"]
    asking.close()
    return int(info["pid"])


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


# ---- one cache, two daemons, as two versions have it


@pytest.fixture
def two(folder: Path, toolchain: Path) -> Iterator[tuple[Daemon, Daemon]]:
    for name in "ab":
        (folder / name).mkdir()
    with (
        running(folder / "a", toolchain, cache=folder / "cache") as a,
        running(folder / "b", toolchain, cache=folder / "cache") as b,
    ):
        yield a, b


@pytest.mark.parametrize("again", [False, True])
def test_what_another_daemon_clears_just_then_is_compiled_again(
    two: tuple[Daemon, Daemon], again: bool
) -> None:
    first, second = two
    peer, other = Peer(first), Peer(second)
    source = program("run: print kept")
    peer.run(source)
    runner = runner_of(first)
    os.kill(runner, signal.SIGSTOP)
    wait_until(lambda: stopped(runner))
    id = peer.send(**first.run_header(source, force=again))
    wait_until(lambda: Peer(first).ask(op="info")["counters"]["runs"] == 2, what="the run")
    assert other.ask(op="cache.clear")["entries"] == 1
    os.kill(runner, signal.SIGCONT)
    reply = peer.collect(id)
    assert reply["event"] == "result" and reply["ok"] and reply.stdout == b"kept\n", reply.last
    assert reply["cache"] == "miss"
    assert peer.run(source)["cache"] == "hit"
    assert other.run(source)["cache"] == "hit"
    assert peer.ask(op="cache.stats")["stats"]["damaged"] == 0
    peer.close()
    other.close()


def test_a_program_runs_on_while_another_daemon_clears_and_evicts(folder: Path, toolchain: Path) -> None:
    for name in "ab":
        (folder / name).mkdir()
    wrong: list[Any] = []
    over = threading.Event()

    def use(daemon: Daemon) -> None:
        peer = Peer(daemon)
        for number in range(150):
            text = f"{number % 4}"
            reply = peer.run(program(f"run: print {text}"))
            if reply["event"] != "result" or reply.stdout != f"{text}\n".encode():
                wrong.append(reply.last)
        peer.close()
        over.set()

    with (
        running(folder / "a", toolchain, cache=folder / "cache") as a,
        running(folder / "b", toolchain, cache=folder / "cache", cache_limit=1) as b,
    ):
        thread = threading.Thread(target=use, args=(a,))
        thread.start()
        peer = Peer(b)
        while not over.is_set():
            peer.run(program(f"run: print {time.monotonic()}"))
            for path in (folder / "cache").glob("v1/??/*.json"):
                try:
                    os.utime(path, (0, 0))  # old enough to be evicted
                except FileNotFoundError:
                    continue
            peer.ask(op="cache.clear")
        thread.join()
        peer.close()
    assert not wrong


# ---- killed where it hurts


def entries(cache: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text().splitlines()[0]) for path in cache.glob("v1/??/*.json")]


def dead(daemon: Daemon) -> bool:
    assert daemon.process
    return daemon.process.poll() is not None


def outcome(daemon: Daemon, peer: Peer, source: str) -> dict[str, Any]:
    """The last event of a run; empty where the daemon died instead."""
    id = peer.send(**daemon.run_header(source))
    header: dict[str, Any] = {"event": ""}
    while header["event"] not in ("result", "error"):
        wait_until(lambda: dead(daemon) or peer.socket.poll(0), 60, "an answer or the end")
        if dead(daemon):
            return {}
        header, _ = peer.receive()
        assert header["id"] == id
    return header


@pytest.mark.parametrize("step", ["publish", "write"])
def test_a_daemon_killed_while_it_publishes_leaves_no_half_entry(
    folder: Path, toolchain: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each write on the way, from the source for the compiler to the entry's last byte."""
    monkeypatch.setenv("MOJOCELL_TEST_LIBEXEC", str(SANITIZED))
    monkeypatch.setenv("MOJOCELL_FAULTS", str(folder / "faults"))
    schedule = Schedule(folder / "faults")
    source = program("run: print whole")
    for number in range(1, 30):
        shutil.rmtree(folder / "cache", ignore_errors=True)
        daemon = Daemon(folder, toolchain)
        peer = Peer(daemon)
        schedule.set([Fault(step, number, KILL)])
        answer = outcome(daemon, peer, source)
        fired = schedule.fired()
        assert fired or answer["ok"]  # a helper of the daemon may be what was killed
        if answer:
            daemon.stop()
        peer.close()
        schedule.set([])
        for entry in entries(folder / "cache"):
            assert list((folder / "cache").rglob(entry["artifact"]))
        with running(folder, toolchain) as next:
            peer = Peer(next)
            assert peer.run(source).stdout == b"whole\n"
            assert peer.ask(op="cache.stats")["stats"]["damaged"] == 0
            peer.close()
        if not fired:
            break
    assert number > 1 and not fired


# ---- no room for a process

UID = 54321  # root has no limit


class OfAUser(Daemon):
    """A daemon of a user whose limit of processes counts."""

    def start(self) -> None:
        real = subprocess.Popen

        def as_user(*words: Any, **options: Any) -> Any:
            return real(*words, user=UID, group=UID, **options)

        if os.geteuid() == 0:
            for place in (self.runtime, self.directory):
                os.chown(place, UID, UID)
            subprocess.Popen = as_user  # type: ignore[misc,assignment]
        try:
            super().start()
        finally:
            subprocess.Popen = real  # type: ignore[misc]


@pytest.fixture
def of_a_user(folder: Path, toolchain: Path) -> Iterator[Daemon]:
    """The daemon serves nobody else, so this process is that user for as long."""
    daemon = OfAUser(folder, toolchain)
    root = os.geteuid() == 0
    if root:
        os.seteuid(UID)
    try:
        yield daemon
    finally:
        if root:
            os.seteuid(0)
        daemon.stop()


def limit_processes(pid: int, most: str) -> None:
    """By a process of the daemon's own user: a container's root may not."""
    own = os.geteuid()
    os.seteuid(os.getuid())
    user = {"user": UID, "group": UID} if os.geteuid() == 0 else {}
    subprocess.run(["prlimit", f"--pid={pid}", f"--nproc={most}:"], check=True, **user)  # type: ignore[call-overload]
    os.seteuid(own)


@contextlib.contextmanager
def no_room(pid: int) -> Iterator[None]:
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    limit_processes(pid, "1")
    try:
        yield
    finally:
        limit_processes(pid, "unlimited" if hard == resource.RLIM_INFINITY else str(hard))


def test_where_no_compiler_can_be_started_that_is_said_and_the_next_one_is(of_a_user: Daemon) -> None:
    peer = Peer(of_a_user)
    peer.run(program("run: print warm"))
    with no_room(of_a_user.pid):
        reply = peer.run(program("run: print new"))
        assert reply["event"] == "error" and reply["code"] == "system", reply.last
        assert (
            "start the compiler" in reply["message"]
            and "Resource temporarily unavailable" in reply["message"]
        )
        assert peer.run(program("run: print warm")).stdout == b"warm\n"
    assert peer.run(program("run: print new")).stdout == b"new\n"
    peer.close()


def test_where_no_runner_can_be_started_that_is_said_and_the_next_one_is(of_a_user: Daemon) -> None:
    peer = Peer(of_a_user)
    peer.run(program("run: print warm"))
    runner = runner_of(of_a_user)
    with no_room(of_a_user.pid):
        os.kill(runner, signal.SIGKILL)
        wait_until(lambda: not peer.ask(op="info")["runners"], what="the runner's end")
        reply = peer.run(program("run: print warm"))
        assert reply["event"] == "error", reply.last
        assert (
            "start the runner" in reply["message"] and "Resource temporarily unavailable" in reply["message"]
        )
    assert peer.run(program("run: print warm")).stdout == b"warm\n"
    peer.close()


@pytest.mark.parametrize("worker", [False, True])
def test_where_a_runner_cannot_fork_that_is_said_and_the_next_time_it_can(
    of_a_user: Daemon, worker: bool
) -> None:
    peer = Peer(of_a_user)
    peer.run(program("run: print warm"))
    options = {"worker": str(of_a_user.directory / "nobody")} if worker else {}
    with no_room(runner_of(of_a_user)):
        peer.run(program("run: print warm"))  # in the process that was forked ahead
        reply = peer.run(program("run: print warm"), **options)
        assert reply["event"] == "error" and reply["code"] == "runner_failed", reply.last
        assert "fork" in reply["message"] and "Resource temporarily unavailable" in reply["message"]
    assert peer.run(program("run: print warm")).stdout == b"warm\n"
    peer.close()


# ---- the limit of processes


def test_a_few_processes_too_many_end_the_program_with_all_of_them(folder: Path, toolchain: Path) -> None:
    with running(folder, toolchain) as daemon:
        peer = Peer(daemon)
        reply = peer.run(program(*["run: escape"] * 6, "run: sleep 30"), limits={"processes": 4})
        assert reply["failure"]["code"] == "limit" and "more than 4 processes" in reply["failure"]["message"]
        # The runner, and the process that it has forked ahead.
        wait_until(lambda: len(descendants(daemon.pid)) <= 2, what="the end of what escaped")
        enough = peer.run(program("run: escape", "run: sleep 0.3", "run: print few"), limits={"processes": 4})
        assert enough["ok"] and enough.stdout == b"few\n"
        wait_until(lambda: len(descendants(daemon.pid)) <= 2, what="the end of what escaped")
        peer.close()


# ---- the real linker


@pytest.fixture
def with_linker(folder: Path) -> Path:
    """The real toolchain, whose linker waits for a word the first time; skips where there is none."""
    real = Path(os.environ.get("MOJOCELL_TEST_TOOLCHAIN") or pytest.skip("no Mojo"))
    copy = folder / "real" / "modular"
    for place in ("", "bin"):
        (copy / place).mkdir(parents=True)
        for path in (real / place).iterdir():
            if path.name not in ("bin", "lld", "mojo"):
                (copy / place / path.name).symlink_to(path)
    shutil.copy(real / "bin" / "mojo", copy / "bin" / "mojo")
    lld = copy / "bin" / "lld"
    waits = f"[ -e {folder}/go ] || {{ echo $$ >{folder}/linking; while [ ! -e {folder}/go ]; do sleep 0.02; done; }}"
    lld.write_text(f'#!/bin/sh\n{waits}\nexec {real}/bin/lld "$@"\n')
    lld.chmod(0o755)
    return copy


LINKED = 'def main():\n    print("linked")\n'


@pytest.mark.parametrize("victim", ["linker", "daemon"])
def test_what_is_killed_while_it_links_leaves_nothing_false(
    folder: Path, with_linker: Path, victim: str
) -> None:
    daemon = Daemon(folder, with_linker)
    peer = Peer(daemon)
    id = peer.send(**daemon.run_header(LINKED))
    wait_until(
        lambda: (folder / "linking").exists() and (folder / "linking").read_text().strip(), 60, "the linker"
    )
    linker = int((folder / "linking").read_text())
    below = descendants(daemon.pid)
    assert linker in below
    os.kill(linker if victim == "linker" else daemon.pid, signal.SIGKILL)
    if victim == "linker":
        reply = peer.collect(id)
        assert reply["failure"]["code"] == "compile_failed", reply.last
        assert reply["failure"]["message"] == "failed to produce dynamic library: Killed"
        (folder / "go").touch()
        assert peer.run(LINKED).stdout == b"linked\n"
        peer.close()
        daemon.stop()
    else:
        peer.close()
        (folder / "go").touch()  # the linker alone outlives the others, by what it takes
        wait_until(lambda: not [pid for pid in below if alive(pid)], what="the end of all")
    assert len(entries(folder / "cache")) == (victim == "linker")
    with running(folder, with_linker) as next:
        peer = Peer(next)
        assert peer.run(LINKED).stdout == b"linked\n"
        assert peer.ask(op="cache.stats")["stats"]["damaged"] == 0
        assert not [path for path in next.runtime.glob("work-*/*") if path.is_dir()]
        peer.close()
