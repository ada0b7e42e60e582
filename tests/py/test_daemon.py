"""The daemon's own logic, with a scriptable compiler: what peers see over plain ZeroMQ."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from daemon import Daemon, Peer, alive, command_line, descendants, libexec, program, running, wait_until

ROOT = Path(__file__).resolve().parents[2]
FAKE_TOOLCHAIN = os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"


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


def below(daemon: Daemon, word: str) -> list[int]:
    return [pid for pid in descendants(daemon.pid) if word in command_line(pid)]


# ---- the envelope


def test_hello_tells_version_build_pid_and_protocol(daemon: Daemon, peer: Peer) -> None:
    assert peer.hello["pid"] == daemon.pid
    assert peer.hello["protocol"] == 1
    assert peer.hello["version"] and len(peer.hello["build"]) == 12


def test_a_request_before_hello_is_refused_unless_it_names_the_protocol(daemon: Daemon) -> None:
    peer = Peer(daemon, hello=False)
    refused = peer.ask(op="info")
    assert refused["event"] == "error" and refused["code"] == "protocol"
    assert "hello" in refused["message"] and refused["hint"]
    assert peer.ask(op="info", protocol=1)["event"] == "result"
    wrong = peer.ask(op="info", protocol=2)
    assert wrong["code"] == "protocol"
    peer.close()


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        ({"op": "dance"}, "unknown_op", "dance"),
        ({"op": "run", "cwd": "/"}, "invalid_request", "source"),
        ({"op": "run", "source": "", "cwd": "relative"}, "invalid_request", "cwd"),
        ({"op": "run", "source": 3, "cwd": "/"}, "invalid_request", "source"),
        ({"op": "run", "source": "", "cwd": "/", "sauce": 1}, "invalid_request", "sauce"),
        ({"op": "run", "source": "", "cwd": "/", "limits": {"wall": -1}}, "invalid_request", "wall"),
        ({"op": "run", "source": "", "cwd": "/", "limits": {"time": 1}}, "invalid_request", "time"),
        ({"op": "run", "source": "", "cwd": "/", "stdin": {"frame": 0}}, "invalid_request", "stdin"),
        ({"op": "run", "source": "", "cwd": "/", "env": {"A=B": "1"}}, "invalid_request", "env"),
        ({"op": "run", "source": "", "cwd": "/", "env": {"frame": 0}}, "invalid_request", "env"),
        ({"op": "run", "source": "", "cwd": "/", "args": [1]}, "invalid_request", "args"),
        ({"op": "cancel"}, "invalid_request", "target"),
        ({"op": "info", "id": "x" * 65}, "invalid_request", "id"),
        ({"op": "info", "id": ""}, "invalid_request", "id"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(peer: Peer, header: dict, code: str, words: str) -> None:
    peer.send(**header)
    answer, _ = peer.receive()
    assert answer["event"] == "error"
    assert answer["code"] == code
    assert words in answer["message"]


@pytest.mark.parametrize(
    "frames", [[b"{"], [b"\xff\xfe"], [b"[]"], [b""], [b'{"op": "info"}'], [b"[" * 100000]]
)
def test_malformed_messages_are_answered_and_survived(
    daemon: Daemon, peer: Peer, frames: list[bytes]
) -> None:
    peer.socket.send_multipart(frames)
    answer, _ = peer.receive()
    assert answer["event"] == "error" and answer["code"] == "invalid_request"
    assert peer.ask(op="info")["pid"] == daemon.pid


# ---- compile, run, cache


def test_a_program_runs_and_the_second_time_it_comes_from_the_cache(daemon: Daemon, peer: Peer) -> None:
    source = program("run: print hello", "run: error oh")
    first = peer.run(source)
    assert first["ok"], first.last
    assert (first.stdout, first.stderr) == (b"hello\n", b"oh\n")
    assert first["cache"] == "miss" and first["returncode"] == 0 and first["signal"] is None
    assert "compiling" in first.names() and "started" in first.names()
    second = peer.run(source)
    assert second["cache"] == "hit" and second.stdout == b"hello\n"
    assert second.names() == ["compiled", "started", "output"]
    assert daemon.compilations() == 1
    assert peer.run(source, force=True)["cache"] == "miss"
    assert daemon.compilations() == 2


def test_exit_status_directory_environment_and_input_reach_the_program(
    daemon: Daemon, peer: Peer, tmp_path: Path
) -> None:
    source = program("run: cwd", "run: env COLOUR", "run: input", "run: exit 7")
    env = {"PATH": os.environ["PATH"], "COLOUR": "green"}
    reply = peer.run(source, frames=(b"typed\n",), stdin={"frame": 0}, env=env)
    assert reply.stdout.decode() == f"{tmp_path}\ngreen\ntyped\n"
    assert not reply["ok"] and reply["returncode"] == 7
    assert reply["failure"]["code"] == "exited" and "7" in reply["failure"]["message"]


def test_an_environment_in_a_frame_may_hold_any_bytes(peer: Peer) -> None:
    source = program("run: env COLOUR", "run: env frame", "run: input")
    variables = [b"PATH=" + os.environ["PATH"].encode(), b"COLOUR=gr\xfcn=", b"frame=0", b""]
    reply = peer.run(source, frames=(b"typed\n", b"\0".join(variables)), stdin={"frame": 0}, env={"frame": 1})
    assert reply.stdout == b"gr\xfcn=\n0\ntyped\n"
    assert peer.run(source, env={"frame": "1"}).stdout == b"(unset)\n1\n"


@pytest.mark.parametrize("block", [b"PATH\0", b"=1\0", b"A=1\0\0"])
def test_an_environment_of_anything_else_is_refused(peer: Peer, block: bytes) -> None:
    peer.send((block,), op="run", source="", cwd="/", env={"frame": 0})
    answer, _ = peer.receive()
    assert answer["code"] == "invalid_request" and "'env'" in answer["message"]


def test_a_compile_error_is_a_result_with_diagnostics(daemon: Daemon, peer: Peer) -> None:
    reply = peer.run(program("compile: error no such name"))
    assert reply["event"] == "result" and not reply["ok"]
    assert reply["failure"]["code"] == "compile_failed"
    (diagnostic,) = reply["diagnostics"]
    assert (diagnostic["kind"], diagnostic["line"], diagnostic["message"]) == ("error", 3, "no such name")
    assert not below(daemon, "mojo.py")


def test_a_compiler_that_crashes_is_an_error_and_the_next_request_works(daemon: Daemon, peer: Peer) -> None:
    reply = peer.run(program("compile: crash"))
    assert reply["event"] == "error" and reply["code"] == "toolchain_failed"
    assert peer.run(program("run: print on"))["ok"]


def test_equal_requests_in_flight_share_one_compilation(daemon: Daemon) -> None:
    source = program("compile: sleep 0.5", "run: print shared")
    peers = [Peer(daemon) for _ in range(6)]
    ids = [peer.send(**daemon.run_header(source)) for peer in peers]
    replies = [peer.collect(id) for peer, id in zip(peers, ids, strict=True)]
    assert [reply.stdout for reply in replies] == [b"shared\n"] * 6
    assert sorted(reply["cache"] for reply in replies) == ["joined"] * 5 + ["miss"]
    assert daemon.compilations() == 1
    for peer in peers:
        peer.close()


def test_a_cell_with_main_and_statements_is_refused_with_a_hint(peer: Peer) -> None:
    reply = peer.run("def main():\n    pass\nprint(1)\n")
    assert reply["failure"]["code"] == "invalid_cell"
    assert "main" in reply["failure"]["message"]


def test_an_explicit_toolchain_that_is_none_is_an_error_that_names_it(daemon: Daemon, peer: Peer) -> None:
    reply = peer.run(program(), toolchain="/no/such/place")
    assert reply["event"] == "error" and reply["code"] == "toolchain_not_found"
    assert "/no/such/place" in reply["message"]


def test_a_req_peer_gets_one_reply_with_the_output(daemon: Daemon) -> None:
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.linger = 0
    socket.connect(f"ipc://{daemon.socket}")
    socket.send_json(daemon.run_header(program("run: print one", "run: error two"), id="1", protocol=1))
    assert socket.poll(30000)
    header, stdout, stderr = socket.recv_multipart()
    assert json.loads(header)["ok"] and (stdout, stderr) == (b"one\n", b"two\n")
    socket.close()


# ---- stopping


def test_cancelling_a_compilation_ends_the_compiler(daemon: Daemon, peer: Peer) -> None:
    id = peer.send(**daemon.run_header(program("compile: hang")))
    wait_until(lambda: below(daemon, "mojo.py"), what="the compiler")
    peer.send(op="cancel", target=id)
    reply = peer.collect(id)
    assert reply["event"] == "error" and reply["code"] == "cancelled"
    wait_until(lambda: not below(daemon, "mojo.py"), what="the compiler's end")


def test_cancelling_one_of_two_leaves_the_other_its_compilation(daemon: Daemon, peer: Peer) -> None:
    source = program("compile: sleep 1", "run: print kept")
    other = Peer(daemon)
    first = peer.send(**daemon.run_header(source))
    second = other.send(**daemon.run_header(source))
    wait_until(lambda: below(daemon, "mojo.py"), what="the compiler")
    peer.send(op="cancel", target=first)
    assert peer.collect(first)["code"] == "cancelled"
    assert other.collect(second).stdout == b"kept\n"
    assert daemon.compilations() == 1
    other.close()


def test_cancelling_a_program_keeps_its_output_and_ends_it(daemon: Daemon, peer: Peer) -> None:
    id = peer.send(**daemon.run_header(program("run: print before", "run: spin")))
    pids: list[int] = []

    def on_event(event: dict) -> None:
        if event["event"] == "started":
            pids.append(event["pid"])
        if event["event"] == "stdout":
            peer.send(op="cancel", target=id)

    began = time.monotonic()
    reply = peer.collect(id, on_event=on_event)
    assert reply["code"] == "cancelled" and reply.stdout == b"before\n"
    assert time.monotonic() - began < 10
    wait_until(lambda: not alive(pids[0]), what="the program's end")


def test_a_grandchild_that_escaped_is_killed_with_its_program(daemon: Daemon, peer: Peer) -> None:
    before = set(descendants(daemon.pid))
    assert peer.run(program("run: escape", "run: print parent"))["ok"]
    wait_until(
        lambda: set(descendants(daemon.pid)) - before <= set(below(daemon, "mojocell-runner")),
        what="the grandchild's end",
    )


@pytest.mark.parametrize(
    ("lines", "limits", "limit", "code"),
    [
        (["run: sleep 60"], {"wall": 0.3}, "wall", "timeout"),
        (["run: spin"], {"cpu": 1}, "cpu", "limit"),
        (["run: grow 2000"], {"memory": 300}, "memory", "limit"),
        (["run: flood 1000000", "run: sleep 60"], {"output": 1000}, "output", "limit"),
    ],
)
def test_limits_end_the_program_and_say_which(
    peer: Peer, lines: list[str], limits: dict, limit: str, code: str
) -> None:
    reply = peer.run(program(*lines), limits=limits)
    assert reply["event"] == "result" and not reply["ok"]
    assert reply["limit"] == limit and reply["failure"]["code"] == code
    if limit == "output":
        assert len(reply.stdout) == 1000


def test_a_crash_is_told_with_its_signal(peer: Peer) -> None:
    reply = peer.run(program("run: print before", "run: crash"))
    assert reply["signal"] == signal.SIGSEGV and reply["returncode"] is None
    assert reply["failure"]["code"] == "crashed" and reply.stdout == b"before\n"


def test_a_stack_overflow_is_named(peer: Peer) -> None:
    reply = peer.run(program("run: overflow"))
    assert reply["failure"]["code"] == "crashed"
    assert "stack overflow" in reply["failure"]["message"]


# ---- flow control


def test_a_window_stops_the_reading_until_credit_comes(daemon: Daemon, peer: Peer) -> None:
    total = 17_000_000
    id = peer.send(**daemon.run_header(program(f"run: flood {total}"), window=1 << 20))
    got = 0
    while peer.socket.poll(1000):
        header, frames = peer.receive()
        got += len(frames[0]) if header["event"] == "stdout" else 0
    assert (1 << 20) <= got < (2 << 20)
    peer.send(op="credit", id=id, bytes=got)
    last: dict = {}
    while not last:
        header, frames = peer.receive()
        if header["event"] == "stdout":
            got += len(frames[0])
            peer.send(op="credit", id=id, bytes=len(frames[0]))
        elif header["event"] == "result":
            last = header
    assert last["ok"] and got == total == last["output"]["stdout"]


def test_a_peer_that_sleeps_over_much_output_gets_it_all(daemon: Daemon, peer: Peer) -> None:
    id = peer.send(**daemon.run_header(program("run: flood 17000000")))
    first = peer.receive()[0]
    while first["event"] != "started":
        first = peer.receive()[0]
    wait_until(lambda: not alive(first["pid"]), 30, "the program to have written it all")
    reply = peer.collect(id)
    assert reply["ok"] and len(reply.stdout) == 17_000_000


# ---- deaths


def test_a_peer_whose_process_dies_takes_its_program_along(daemon: Daemon) -> None:
    holder = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    peer = Peer(daemon, pid=holder.pid)
    id = peer.send(**daemon.run_header(program("run: print up", "run: spin")))
    pids: list[int] = []
    while not pids:
        header, _ = peer.receive()
        pids += [header["pid"]] if header["event"] == "started" and header["id"] == id else []
    holder.kill()
    holder.wait()
    wait_until(lambda: not alive(pids[0]), what="the end of the program")
    peer.close()


def test_kill_9_of_the_program_is_a_crash_with_its_signal(daemon: Daemon, peer: Peer) -> None:
    id = peer.send(**daemon.run_header(program("run: print up", "run: spin")))

    def on_event(event: dict) -> None:
        if event["event"] == "started":
            os.kill(event["pid"], signal.SIGKILL)

    reply = peer.collect(id, on_event=on_event)
    assert reply["signal"] == signal.SIGKILL and reply["failure"]["code"] == "crashed"
    assert peer.run(program("run: print next")).stdout == b"next\n"


def test_kill_9_of_the_runner_is_an_error_and_the_next_request_works(daemon: Daemon, peer: Peer) -> None:
    id = peer.send(**daemon.run_header(program("run: print up", "run: spin")))
    pids: list[int] = []

    def on_event(event: dict) -> None:
        if event["event"] == "started":
            pids.append(event["pid"])
        if event["event"] == "stdout":
            (info,) = Peer(daemon).ask(op="info")["runners"]
            os.kill(info["pid"], signal.SIGKILL)

    reply = peer.collect(id, on_event=on_event)
    assert reply["event"] == "error" and reply["code"] == "runner_failed" and reply["hint"]
    wait_until(lambda: not alive(pids[0]), what="the program's end")
    assert peer.run(program("run: print next")).stdout == b"next\n"


def test_kill_9_of_the_compiler_is_an_error_and_the_next_request_works(daemon: Daemon, peer: Peer) -> None:
    id = peer.send(**daemon.run_header(program("compile: hang")))
    (compiler, *_) = wait_until(lambda: below(daemon, "mojo.py"), what="the compiler")
    os.kill(compiler, signal.SIGKILL)
    reply = peer.collect(id)
    assert reply["event"] == "error" and reply["code"] == "toolchain_failed" and reply["hint"]
    assert peer.run(program("run: print next")).stdout == b"next\n"


def test_kill_9_of_the_daemon_leaves_no_orphan(daemon: Daemon) -> None:
    first, second = Peer(daemon), Peer(daemon)
    id = first.send(**daemon.run_header(program("run: print up", "run: spin")))
    second.send(**daemon.run_header(program("compile: hang")))
    while first.receive()[0]["event"] != "stdout":
        pass
    wait_until(lambda: below(daemon, "mojo.py"), what="the compiler")
    below_it = descendants(daemon.pid)
    assert len(below_it) >= 3
    os.kill(daemon.pid, signal.SIGKILL)
    assert daemon.process
    daemon.process.wait()
    wait_until(
        lambda: not [pid for pid in below_it if alive(pid)], what="the end of everything below the daemon"
    )
    daemon.start()
    again = Peer(daemon)
    assert again.run(program("run: print back")).stdout == b"back\n"
    assert id
    for peer in (first, second, again):
        peer.close()


# ---- the cache under hostile conditions


def artifacts(daemon: Daemon) -> list[Path]:
    return [
        path for path in daemon.cache.rglob("*") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"
    ]


def test_a_deleted_cache_is_made_again(daemon: Daemon, peer: Peer) -> None:
    source = program("run: print kept")
    peer.run(source)
    shutil.rmtree(daemon.cache)
    reply = peer.run(source)
    assert reply.stdout == b"kept\n" and reply["ok"]
    assert peer.run(source)["cache"] == "hit"


def test_a_corrupted_artifact_is_a_counted_miss_and_never_loaded(
    daemon: Daemon, peer: Peer, tmp_path: Path
) -> None:
    source = program("run: print right")
    peer.run(source)
    (artifact,) = artifacts(daemon)
    content = bytearray(artifact.read_bytes())
    content[len(content) // 2] ^= 0xFF
    artifact.chmod(0o600)
    artifact.write_bytes(content)
    reply = peer.run(source)
    assert reply["cache"] == "miss" and reply.stdout == b"right\n"
    assert peer.ask(op="cache.stats")["stats"]["damaged"] >= 1
    assert peer.run(source)["cache"] == "hit"


def test_a_cache_that_cannot_be_written_does_not_stop_the_work(tmp_path: Path, toolchain: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory")
    with running(tmp_path, toolchain, cache=in_the_way / "cache") as daemon:
        peer = Peer(daemon)
        for _ in range(2):
            reply = peer.run(program("run: print anyway"))
            assert reply["ok"] and reply.stdout == b"anyway\n"
        peer.close()


def test_clear_empties_the_cache(peer: Peer) -> None:
    source = program("run: print again")
    peer.run(source)
    assert peer.ask(op="cache.stats")["stats"]["entries"] == 1
    assert peer.ask(op="cache.clear")["entries"] == 1
    assert peer.ask(op="cache.stats")["stats"]["entries"] == 0
    assert peer.run(source)["cache"] == "miss"


def test_explain_says_why_a_cell_missed(peer: Peer) -> None:
    peer.run(program("run: print one"), cell="cell-1")
    peer.run(program("run: print two"), cell="cell-1")
    (explanation,) = peer.ask(op="cache.explain", cell="cell-1")["explanations"]
    assert "source" in json.dumps(explanation)


def test_a_changed_import_is_noticed_in_any_directory(daemon: Daemon, peer: Peer, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "helper.mojo").write_text("def f():\n    pass\n")
    source = "import helper\n" + program("run: print used")
    flags = ["-I", str(library)]
    assert peer.run(source, flags=flags)["cache"] == "miss"
    assert peer.run(source, flags=flags)["cache"] == "hit"
    (library / "helper.mojo").write_text("def f():\n    print(1)\n")
    assert peer.run(source, flags=flags)["cache"] == "miss"


def test_packages_that_come_to_the_toolchain_are_noticed(peer: Peer, toolchain: Path) -> None:
    source = program("run: print used")
    first = peer.run(source)
    assert first["cache"] == "miss"
    package = toolchain / "lib" / "mojo" / "max.mojoc"
    package.write_text("a package")
    second = peer.run(source)
    assert second["cache"] == "miss"
    assert second["key"] != first["key"]
    package.unlink()
    third = peer.run(source)
    assert (third["cache"], third["key"]) == ("hit", first["key"])


def test_flags_are_checked_and_part_of_the_key(peer: Peer) -> None:
    source = program("run: print flags")
    assert peer.run(source)["cache"] == "miss"
    assert peer.run(source, flags=["-O1"])["cache"] == "miss"
    assert peer.run(source, flags=["-O", "1"])["cache"] == "hit"
    refused = peer.run(source, flags=["--nope"])
    assert refused["event"] == "error" and "--nope" in refused["message"]


# ---- the daemon itself


def test_a_second_daemon_of_the_same_build_refuses_to_start(daemon: Daemon) -> None:
    words = [
        str(libexec() / "mojocelld"),
        "--runtime-dir",
        str(daemon.runtime),
        "--cache-dir",
        str(daemon.cache),
    ]
    second = subprocess.run(words, check=False, capture_output=True, text=True, timeout=20)
    assert second.returncode == 3 and "another daemon" in second.stderr


def test_an_idle_daemon_leaves(tmp_path: Path, toolchain: Path) -> None:
    daemon = Daemon(tmp_path, toolchain, idle=1)
    peer = Peer(daemon)
    assert peer.run(program("run: sleep 2"))["ok"]
    assert daemon.process
    daemon.process.wait(15)
    assert daemon.process.returncode == 0
    assert not Path(daemon.socket).exists()
    peer.close()


def test_shutdown_lets_the_open_work_end(daemon: Daemon) -> None:
    worker, other = Peer(daemon), Peer(daemon)
    id = worker.send(**daemon.run_header(program("run: print begun", "run: sleep 1", "run: print done")))
    while worker.receive()[0]["event"] != "stdout":
        pass
    assert other.ask(op="shutdown")["ok"]
    refused = other.run(program())
    assert refused["code"] == "shutting_down"
    assert worker.collect(id)["ok"]
    assert daemon.process
    daemon.process.wait(10)
    worker.close()
    other.close()


def test_shutdown_now_ends_the_open_work(daemon: Daemon) -> None:
    worker, other = Peer(daemon), Peer(daemon)
    id = worker.send(**daemon.run_header(program("run: print begun", "run: spin")))
    while worker.receive()[0]["event"] != "stdout":
        pass
    other.send(op="shutdown", now=True)
    assert worker.collect(id)["code"] == "cancelled"
    assert daemon.process
    daemon.process.wait(10)
    worker.close()
    other.close()


def test_many_peers_at_once_get_their_own_answers(daemon: Daemon) -> None:
    wrong: list[str] = []

    def work(number: int) -> None:
        peer = Peer(daemon)
        for i in range(10):
            word = f"w{(number + i) % 5}"
            reply = peer.run(program(f"run: print {word}"))
            if reply.stdout.decode() != f"{word}\n":
                wrong.append(f"{number}.{i}: {reply.stdout!r} {reply.last}")
        peer.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert daemon.compilations() == 5


# --- other users ----------------------------------------------------------------------------------

#: What a process of a user hears from a socket of the working directory: a greeting, or at once the end.
LISTENER = """
import os, socket, sys
os.chdir(sys.argv[1])
os.setuid(int(sys.argv[3]))
with socket.socket(socket.AF_UNIX) as peer:
    peer.connect(sys.argv[2])
    print(len(peer.recv(10)))
"""


def test_the_socket_is_the_users_alone_whatever_the_umask(toolchain: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with running(tmp_path, toolchain) as daemon:
            peer = Peer(daemon)
            assert peer.run(program()).last["ok"]
            peer.close()
            made = [*daemon.runtime.rglob("*"), daemon.cache, *daemon.cache.rglob("*")]
            modes = {path.name: path.lstat().st_mode & 0o077 for path in made}
            assert {name for name, mode in modes.items() if mode} == set()
            assert len(made) > 6
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root cannot be another user")
def test_another_user_who_reaches_the_socket_is_not_listened_to(toolchain: Path, tmp_path: Path) -> None:
    with running(tmp_path, toolchain) as daemon:
        socket = Path(daemon.socket)
        socket.chmod(0o777)
        socket.parent.chmod(0o755)
        heard = {
            user: subprocess.run(
                [sys.executable, "-c", LISTENER, str(socket.parent), socket.name, str(user)],
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            ).stdout
            for user in (0, 4242)
        }
    assert heard == {0: "10\n", 4242: "0\n"}


def test_info_goes_on_without_a_compiler_and_says_why(daemon: Daemon, tmp_path: Path) -> None:
    asked = {"op": "info", "cwd": str(tmp_path), "flags": [], "env": {"PATH": str(tmp_path)}}
    reply = Peer(daemon).ask(**asked, toolchain="/no/such/place")
    assert reply["event"] == "result" and reply["pid"] == daemon.pid
    assert "/no/such/place" in reply["toolchain_problem"]["message"] and reply["toolchain_problem"]["hint"]
    assert [place["names"] for place in reply["modules"]] == [["mojocell"]]
    with pytest.raises(KeyError):
        reply["toolchain"]


def test_info_lists_the_modules_that_a_cell_can_import(
    daemon: Daemon, toolchain: Path, tmp_path: Path
) -> None:
    for name in (
        "lib/z.mojopkg",
        "lib/package/__init__.mojo",
        "lib/folder/part.mojo",
        "a.mojo",
        "a.mojoc",
        "_own.mojo",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    asked = {
        "op": "info",
        "cwd": str(tmp_path),
        "env": {"MODULAR_MOJO_MAX_IMPORT_PATH": "lib/folder,nowhere"},
    }
    beside = {"directory": str(tmp_path), "origin": "beside", "names": ["a"]}
    library = {"directory": str(tmp_path / "lib"), "names": ["package", "z"]}
    path = {"directory": str(tmp_path / "lib" / "folder"), "origin": "import path", "names": ["part"]}
    peer = Peer(daemon)

    def modules(flags: list[str]) -> list[dict[str, object]]:
        found = peer.ask(**asked, flags=flags)["modules"]
        last = found.pop() if found and found[-1]["origin"] == "mojocell" else {"names": []}
        assert last["names"] == ([] if flags == ["--no-such-flag"] else ["mojocell"])
        return [place for place in found if place["origin"] != "compiler"]

    assert modules([]) == [beside, path]
    assert modules(["-I", "lib"]) == [{**library, "origin": "-I"}, beside, path]
    assert modules(["--no-such-flag"]) == []
    with pytest.raises(KeyError):
        peer.ask(**asked)["modules"]
