"""What must not be lost whatever fails: each of these was, once."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from daemon import Daemon, Peer, alive, command_line, descendants, libexec, program, running, wait_until

ROOT = Path(__file__).resolve().parents[2]
FAKE_TOOLCHAIN = Path(
    os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"
)


@pytest.fixture
def toolchain(tmp_path: Path) -> Path:
    """A copy of the fake toolchain: its counts are this test's own."""
    copy = tmp_path / "modular"
    shutil.copytree(FAKE_TOOLCHAIN, copy, symlinks=True)
    (copy / "compilations.log").unlink(missing_ok=True)
    (copy / "bin" / "mojo").write_text(f'#!/bin/sh\nexec {sys.executable} "{copy}/bin/mojo.py" "$@"\n')
    return copy


@pytest.fixture
def daemon(tmp_path: Path, toolchain: Path) -> Iterator[Daemon]:
    with running(tmp_path, toolchain) as one:
        yield one


@pytest.fixture
def peer(daemon: Daemon) -> Iterator[Peer]:
    one = Peer(daemon)
    yield one
    one.close()


def runner_of(daemon: Daemon) -> int:
    asking = Peer(daemon)
    (info,) = asking.ask(op="info")["runners"]
    asking.close()
    return int(info["pid"])


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


# ---- a runner that dies, or hangs


@pytest.mark.parametrize("clients", [1, 3])
def test_what_had_not_begun_in_a_dead_runner_runs_once_in_the_next(daemon: Daemon, clients: int) -> None:
    peers = [Peer(daemon) for _ in range(clients)]
    peers[0].run(program("run: print warm"))
    runner = runner_of(daemon)
    os.kill(runner, signal.SIGSTOP)
    wait_until(lambda: stopped(runner))
    ids = []
    for number, peer in enumerate(peers):
        source = program(f"run: append file-{number}", f"run: print ran {number}")
        ids.append(peer.send(**daemon.run_header(source)))
    # The daemon has handed them over: it answers what came after.
    counters = wait_until(
        lambda: Peer(daemon).ask(op="info")["counters"]["runs"] == clients + 1, what="the runs"
    )
    assert counters
    os.kill(runner, signal.SIGKILL)
    for number, (peer, id) in enumerate(zip(peers, ids, strict=True)):
        reply = peer.collect(id)
        assert reply["event"] == "result" and reply["ok"], reply.last
        assert reply.stdout == f"ran {number}\n".encode()
        assert (daemon.directory / f"file-{number}").read_text() == "ran\n"
        peer.close()


def test_a_runner_whose_death_nobody_has_noticed_yet_fails_nobody(daemon: Daemon) -> None:
    peer = Peer(daemon)
    for number in range(5):
        peer.run(program(f"run: print warm {number}"))
        runner = runner_of(daemon)
        os.kill(daemon.pid, signal.SIGSTOP)
        wait_until(lambda: stopped(daemon.pid))
        os.kill(runner, signal.SIGKILL)
        wait_until(lambda runner=runner: not alive(runner), what="the runner's end")
        id = peer.send(**daemon.run_header(program(f"run: print warm {number}")))
        os.kill(daemon.pid, signal.SIGCONT)
        reply = peer.collect(id)
        assert reply["event"] == "result" and reply["ok"], reply.last
        assert reply.stdout == f"warm {number}\n".encode()
    peer.close()


def test_what_is_told_as_stopped_is(daemon: Daemon, peer: Peer) -> None:
    id = peer.send(**daemon.run_header(program("run: print up", "run: wait go", "run: append file")))
    pids: list[int] = []

    def on_event(event: dict) -> None:
        if event["event"] == "started":
            pids.append(event["pid"])
        if event["event"] == "stdout":
            os.kill(runner_of(daemon), signal.SIGKILL)

    reply = peer.collect(id, on_event=on_event)
    assert reply["code"] == "runner_failed" and "was stopped" in reply["hint"]
    wait_until(lambda: not alive(pids[0]), what="the program's end")
    (daemon.directory / "go").touch()
    assert peer.run(program("run: print next")).stdout == b"next\n"
    assert not (daemon.directory / "file").exists()


@pytest.mark.parametrize("how", ["limit", "cancel"])
def test_a_runner_that_hangs_is_replaced(daemon: Daemon, peer: Peer, how: str) -> None:
    peer.run(program("run: print warm"))
    runner = runner_of(daemon)
    os.kill(runner, signal.SIGSTOP)
    limits = {"wall": 0.1} if how == "limit" else {}
    id = peer.send(**daemon.run_header(program("run: print warm"), limits=limits))
    if how == "cancel":
        peer.send(op="cancel", target=id)
    reply = peer.collect(id)
    assert (reply["failure"]["code"] if how == "limit" else reply["code"]) == (
        "timeout" if how == "limit" else "cancelled"
    )
    wait_until(lambda: not alive(runner), what="the runner's end")
    assert peer.run(program("run: print next")).stdout == b"next\n"


# ---- descriptors


def descriptors(daemon: Daemon) -> int:
    return len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))


def test_clients_that_come_and_go_leave_nothing(daemon: Daemon) -> None:
    def come_and_go(count: int) -> None:
        for _ in range(count):
            Peer(daemon, pid=os.getpid()).close()

    staying = Peer(daemon, pid=os.getpid())
    come_and_go(1000)  # what the allocator keeps
    before = descriptors(daemon)
    resident = staying.ask(op="info")["rss"]
    come_and_go(5000)
    wait_until(lambda: descriptors(daemon) <= before, what="the descriptors")
    if "sanitize" not in str(libexec()):  # AddressSanitizer keeps what was freed
        # What many at once have left to the allocator is returned when the daemon has nothing to do.
        wait_until(
            lambda: staying.ask(op="info")["rss"] - resident < 1 << 20,
            seconds=30,
            what="less than 1 MiB more",
        )
    staying.close()


def test_a_client_that_leaves_ends_what_it_waited_for(daemon: Daemon) -> None:
    staying, leaving = Peer(daemon), Peer(daemon)
    leaving.send(**daemon.run_header(program("run: spin")))
    event = {"event": ""}
    while event["event"] != "started":
        event, _ = leaving.receive()
    other = Peer(daemon)
    other.send(**daemon.run_header(program("compile: hang")))
    wait_until(lambda: [pid for pid in descendants(daemon.pid) if "mojo.py" in command_line(pid)])
    leaving.close()
    other.close()
    wait_until(lambda: staying.ask(op="info")["open_requests"] == 0, what="the end of what they asked")
    wait_until(lambda: not alive(event["pid"]), what="the program's end")
    wait_until(lambda: not [pid for pid in descendants(daemon.pid) if "mojo.py" in command_line(pid)])
    staying.close()


class FewDescriptors(Daemon):
    """A daemon that may open only so many files."""

    most = 64

    def start(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        real = subprocess.Popen

        def limited(*words, **options):
            return real(
                *words,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (self.most, self.most)),
                **options,
            )

        subprocess.Popen = limited  # type: ignore[misc,assignment]
        try:
            super().start()
        finally:
            subprocess.Popen = real  # type: ignore[misc]
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)


def test_too_many_clients_are_told_so_and_end_nobody(tmp_path: Path, toolchain: Path) -> None:
    daemon = FewDescriptors(tmp_path, toolchain)
    first = Peer(daemon)
    context = zmq.Context()
    codes: list[str] = []

    def client() -> None:
        socket = context.socket(zmq.DEALER)
        socket.linger = 0
        socket.connect(f"ipc://{daemon.socket}")
        socket.send(json.dumps({"op": "hello", "id": "h", "protocol": 1}).encode())
        code = json.loads(socket.recv()).get("code", "served") if socket.poll(60_000) else "silence"
        if code == "served":
            served.append(socket)
        else:
            socket.close()
        codes.append(code)

    served: list[zmq.Socket] = []
    try:
        threads = [threading.Thread(target=client, daemon=True) for _ in range(60)]
        for thread in threads:
            thread.start()
        both = {"served", "too_many_clients"}
        wait_until(lambda: both <= set(codes) and len(codes) > 10, seconds=60, what="a refusal")
        assert set(codes) == both
        assert alive(daemon.pid)
        assert first.run(program("run: print on")).stdout == b"on\n"
        # Those that were turned away come in when others leave.
        for _ in range(60):
            while served:
                served.pop().close()
            threads[0].join(0.05)
            if len(codes) == 60:
                break
        for thread in threads:
            thread.join(60)
        assert len(codes) == 60
        first.close()
    finally:
        daemon.stop()
        context.destroy(linger=0)


def test_the_limit_of_open_files_is_raised_for_the_daemon_alone(tmp_path: Path, toolchain: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with running(tmp_path, toolchain) as daemon:
            peer = Peer(daemon)
            peer.run(program("run: print warm"))
            limits = Path(f"/proc/{daemon.pid}/limits").read_text()
            (row,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
            assert int(row.split()[3]) > 256 or hard == 256
            (row,) = [
                line
                for line in Path(f"/proc/{runner_of(daemon)}/limits").read_text().splitlines()
                if line.startswith("Max open files")
            ]
            assert int(row.split()[3]) == 256
            peer.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ---- the end of one among others that wait


def test_a_start_that_fails_while_others_wait_and_the_daemon_ends(tmp_path: Path, toolchain: Path) -> None:
    daemon = Daemon(tmp_path, toolchain)
    for name in ("mojo", "mojo.py"):
        assert (toolchain / "bin" / name).exists()
    peers = {name: Peer(daemon) for name in "XYAB"}
    try:
        most = peers["X"].ask(op="info")["max_compilers"]
        hanging = [program("compile: hang", f"run: print {number}") for number in range(most)]
        ids = {"X": peers["X"].send(**daemon.run_header(hanging[0]))}
        others = [Peer(daemon) for _ in range(most - 1)]
        waiting = [
            peer.send(**daemon.run_header(source)) for peer, source in zip(others, hanging[1:], strict=True)
        ]
        wait_until(
            lambda: sum("mojo.py" in command_line(pid) for pid in descendants(daemon.pid)) >= most,
            what="the compilers",
        )
        ids["A"] = peers["A"].send(**daemon.run_header(program("run: print A")))
        ids["B"] = peers["B"].send(**daemon.run_header(hanging[0]))
        ids["Y"] = peers["Y"].send(**daemon.run_header(program("run: print A")))
        assert peers["Y"].receive()[0]["event"] in ("queued", "compiling")
        peers["X"].send(op="cancel", target=ids["X"])
        assert peers["X"].collect(ids["X"])["code"] == "cancelled"
        for work in daemon.runtime.glob("work-*/*"):
            shutil.rmtree(work)  # the queued one cannot start
        peers["B"].send(op="cancel", target=ids["B"])
        assert peers["B"].collect(ids["B"])["code"] == "cancelled"
        for name in "AY":
            assert peers[name].collect(ids[name])["event"] == "error"
        assert daemon.process
        daemon.process.send_signal(signal.SIGTERM)
        for peer, id in zip(others, waiting, strict=True):
            assert peer.collect(id)["code"] == "cancelled"
        assert daemon.process.wait(15) == 0
    finally:
        daemon.stop()


# ---- a runtime directory that is deleted, as at a logout


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory in whose path a socket has room: lock and socket are in the runtime directory itself."""
    with tempfile.TemporaryDirectory(prefix="mc-") as directory:
        yield Path(directory)


def test_a_daemon_removes_only_what_is_its_own(short_path: Path, toolchain: Path) -> None:
    old = Daemon(short_path, toolchain)
    kept = Peer(old)
    kept.run(program("run: print warm"))
    shutil.rmtree(old.runtime)
    with running(short_path, toolchain) as new:
        assert new.pid != old.pid
        peer = Peer(new)
        id = peer.send(**new.run_header(program("compile: sleep 1", "run: print compiled")))
        wait_until(lambda: [pid for pid in descendants(new.pid) if "mojo.py" in command_line(pid)])
        assert old.process
        old.process.send_signal(signal.SIGTERM)
        assert old.process.wait(15) == 0
        assert peer.collect(id).stdout == b"compiled\n"
        assert Path(new.socket).exists()
        other = Peer(new)
        assert other.run(program("run: print there")).stdout == b"there\n"
        peer.close()
        other.close()
    kept.close()


# ---- numbers and words


@pytest.mark.parametrize("wall", [1e10, 1e300, 9.3e9])
def test_a_limit_that_no_clock_reaches_is_none(peer: Peer, wall: float) -> None:
    limits = {"wall": wall, "cpu": wall, "memory": wall, "output": wall, "processes": wall}
    assert peer.run(program("run: print on"), limits=limits).stdout == b"on\n"


def test_a_compiler_that_crashes_where_it_optimizes_is_asked_not_to(daemon: Daemon, peer: Peer) -> None:
    reply = peer.run(program("compile: crash optimized", "run: print slow"))
    assert reply["ok"] and reply.stdout == b"slow\n"
    assert [event["cause"] for event in reply.events if event["event"] == "compiling"] == ["new", "lowered"]
    (told,) = reply["diagnostics"]
    assert told["kind"] == "warning" and "without optimization (-O0)" in told["message"]
    assert told["line"] is None
    # It is told as long as the artifact is used, and the compiler is not asked again.
    before = daemon.compilations()
    again = peer.run(program("compile: crash optimized", "run: print slow"))
    assert again["diagnostics"] == [told] and daemon.compilations() == before


@pytest.mark.parametrize("flags", [[], ["-O0"], ["-O2", "-g1"]])
def test_a_compiler_that_always_crashes_is_told_as_its_own_fault(peer: Peer, flags: list[str]) -> None:
    reply = peer.run(program("compile: crash"), flags=flags)
    assert reply["code"] == "toolchain_failed"
    assert "compiler crashed on this cell (Segmentation fault)" in reply["message"]
    assert "not of yours" in reply["hint"]
