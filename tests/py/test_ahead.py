"""What is compiled before anybody asks for it: whose turn it is, what a newer text ends, what is remembered."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from daemon import Daemon, Peer, alive, command_line, descendants, program, running, wait_until

ROOT = Path(__file__).resolve().parents[2]
FAKE_TOOLCHAIN = os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"

AHEAD = ("speculation", "prefetch")


@contextmanager
def processors(number: int) -> Iterator[None]:
    """What is started now has so many."""
    before = os.sched_getaffinity(0)
    assert len(before) >= number
    os.sched_setaffinity(0, sorted(before)[:number])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Site:
    """A daemon whose compilers wait until they are let go."""

    def __init__(self, root: Path, daemon: Daemon) -> None:
        self.root = root
        self.daemon = daemon

    def source(self, name: str, *more: str) -> str:
        lines = (f"cell {name}", *(f"compile: {line}" for line in (f"wait {self.root}/{name}", *more)))
        return program(*lines)

    def let(self, *names: str) -> None:
        for name in names:
            (self.root / name).touch()

    def ahead(self, peer: Peer, name: str, urgency: str, *more: str, **header: object) -> str:
        asked = self.daemon.run_header(self.source(name, *more), **header)
        return peer.send(**asked | {"op": "compile", "urgency": urgency})

    def run(self, peer: Peer, name: str, *more: str, **header: object) -> str:
        return peer.send(**self.daemon.run_header(self.source(name, *more), **header))

    def compilers(self) -> dict[int, str]:
        """The compilers by process, each with its state: T stands still."""
        found = {}
        for pid in descendants(self.daemon.pid):
            if "mojo.py" in (words := command_line(pid)) and "artifact.so" in words:
                try:
                    stat = Path(f"/proc/{pid}/stat").read_text()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                found[pid] = stat.rpartition(")")[2].split()[0].replace("R", "S").replace("D", "S")
        return found

    def await_compilers(self, *states: str) -> dict[int, str]:
        return wait_until(
            lambda: sorted(self.compilers().values()) == sorted(states) and (self.compilers() or True),
            seconds=60,
            what=f"compilers {states}",
        )

    def stats(self, peer: Peer) -> dict[str, int]:
        return peer.ask(op="cache.stats")["stats"]


def ends_of(peer: Peer, *ids: str) -> dict[str, dict]:
    """The last events of these requests, in the order in which they came."""
    ends: dict[str, dict] = {}
    while not set(ids) <= set(ends):
        header, _ = peer.receive()
        if header["event"] in ("result", "error"):
            ends[header["id"]] = header
    return {id: end for id, end in ends.items() if id in ids}


@contextmanager
def site_in(root: Path, cpus: int) -> Iterator[Site]:
    root.mkdir(exist_ok=True)
    toolchain = root / "modular"
    shutil.copytree(FAKE_TOOLCHAIN, toolchain, symlinks=True)
    (toolchain / "compilations.log").unlink(missing_ok=True)
    (toolchain / "bin" / "mojo").write_text(
        f'#!/bin/sh\nexec {sys.executable} "{toolchain}/bin/mojo.py" "$@"\n'
    )
    with processors(cpus), running(root, toolchain) as daemon:
        yield Site(root, daemon)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """With room for one compiler at a time."""
    with site_in(tmp_path, 1) as one:
        yield one


@pytest.fixture
def wide(tmp_path: Path) -> Iterator[Site]:
    """With room for two."""
    with site_in(tmp_path, 2) as one:
        yield one


@pytest.fixture
def peer(site: Site) -> Iterator[Peer]:
    one = Peer(site.daemon)
    yield one
    one.close()


# ---- what comes of it


@pytest.mark.parametrize("urgency", ["soon", *AHEAD])
def test_what_was_compiled_ahead_is_there_for_who_asks(site: Site, peer: Peer, urgency: str) -> None:
    site.let("a")
    ahead = peer.collect(site.ahead(peer, "a", urgency))
    before = site.stats(peer)
    assert ahead["ok"] and (before["hits"], before["misses"]) == (0, 0)
    asked = peer.collect(site.run(peer, "a"))
    assert asked["ok"] and asked["cache"] == "hit" and asked["key"] == ahead["key"]
    stats = site.stats(peer)
    assert (stats["hits"], stats["misses"], stats["compilations"]) == (1, 0, 1)
    assert (stats["speculated"], stats["prefetched"]) == (urgency == "speculation", urgency == "prefetch")


@pytest.mark.parametrize("urgency", ["soon", *AHEAD])
def test_an_error_found_ahead_is_shown_without_compiling_again(site: Site, peer: Peer, urgency: str) -> None:
    site.let("a")
    assert not peer.collect(site.ahead(peer, "a", urgency, "error no such name"))["ok"]
    for _ in range(2):
        asked = peer.collect(site.run(peer, "a", "error no such name"))
        assert asked["failure"]["code"] == "compile_failed" and asked["cache"] == "joined"
        assert [item["message"] for item in asked["diagnostics"]] == ["no such name"]
    assert site.daemon.compilations() == 1
    assert not peer.collect(site.run(peer, "a", "error no such name", force=True))["ok"]
    assert site.daemon.compilations() == 2


def test_an_error_that_was_asked_for_is_looked_for_anew(site: Site, peer: Peer) -> None:
    site.let("a")
    for _ in range(2):
        assert peer.collect(site.run(peer, "a", "error no such name"))["cache"] == "miss"
    assert site.daemon.compilations() == 2


def test_of_many_errors_the_latest_are_remembered(site: Site, peer: Peer) -> None:
    names = [f"n{number}" for number in range(66)]
    site.let(*names)
    for name in names:
        peer.collect(site.ahead(peer, name, "prefetch", "error bad"))
    assert peer.collect(site.run(peer, names[-1], "error bad"))["cache"] == "joined"
    assert peer.collect(site.run(peer, names[0], "error bad"))["cache"] == "miss"


def test_a_run_has_no_urgency(peer: Peer, site: Site) -> None:
    refused = peer.ask(**site.daemon.run_header("def main():\n    pass\n", urgency="prefetch"))
    assert refused["code"] == "invalid_request" and "urgency" in refused["message"]
    unknown = peer.ask(op="compile", source="", urgency="whenever")
    assert (
        unknown["code"] == "invalid_request"
        and "foreground, soon, speculation, prefetch" in unknown["message"]
    )


# ---- whose turn it is


@pytest.mark.parametrize("urgency", AHEAD)
def test_it_stands_still_while_somebody_waits(wide: Site, urgency: str) -> None:
    peer = Peer(wide.daemon)
    ahead = wide.ahead(peer, "a", urgency)
    wide.await_compilers("S")
    asked = wide.run(peer, "b")
    wide.await_compilers("S", "T")
    wide.let("b")
    assert peer.collect(asked)["ok"]
    wide.await_compilers("S")
    wide.let("a")
    assert peer.collect(ahead)["ok"]
    assert wide.daemon.compilations() == 2
    peer.close()


@pytest.mark.parametrize("urgency", AHEAD)
def test_it_goes_on_for_who_asks_for_it(site: Site, peer: Peer, urgency: str) -> None:
    ahead = site.ahead(peer, "a", urgency)
    (pid,) = site.await_compilers("S")
    asked = site.run(peer, "a")
    wait_until(lambda: site.stats(Peer(site.daemon))["promoted"], what="that it is asked for")
    assert list(site.compilers()) == [pid]
    site.let("a")
    ends = ends_of(peer, ahead, asked)
    assert ends[ahead]["ok"] and ends[asked]["ok"] and ends[asked]["cache"] == "joined"
    assert site.daemon.compilations() == 1 and not alive(pid)


def test_one_that_stands_still_goes_on_in_its_turn_when_it_is_asked_for(site: Site, peer: Peer) -> None:
    ahead = site.ahead(peer, "a", "prefetch")
    site.await_compilers("S")
    first = site.ahead(peer, "b", "foreground")
    site.await_compilers("S", "T")
    second = site.run(peer, "a")
    site.let("a")
    wait_until(lambda: site.stats(Peer(site.daemon))["promoted"], what="that it is asked for")
    site.await_compilers("S", "T")
    site.let("b")
    ends = ends_of(peer, ahead, first, second)
    assert all(end["ok"] for end in ends.values()) and next(iter(ends)) == first
    assert site.daemon.compilations() == 2


def test_when_who_asked_has_gone_it_is_as_before(site: Site, peer: Peer) -> None:
    ahead = site.ahead(peer, "a", "prefetch")
    site.await_compilers("S")
    asked = site.run(peer, "a")
    other = Peer(site.daemon)
    wait_until(lambda: site.stats(other)["promoted"], what="that it is asked for")
    peer.send(op="cancel", target=asked)
    assert ends_of(peer, asked)[asked]["code"] == "cancelled"
    waiting = site.run(other, "b")
    site.await_compilers("S", "T")
    site.let("a", "b")
    assert other.collect(waiting)["ok"] and ends_of(peer, ahead)[ahead]["ok"]
    other.close()


def test_what_is_stopped_goes_on_when_the_one_in_front_is_cancelled(site: Site, peer: Peer) -> None:
    ahead = site.ahead(peer, "a", "prefetch")
    site.await_compilers("S")
    asked = site.run(peer, "b")
    site.await_compilers("S", "T")
    peer.send(op="cancel", target=asked)
    site.await_compilers("S")
    site.let("a")
    assert ends_of(peer, ahead)[ahead]["ok"]


def test_the_most_urgent_is_next_and_of_equals_the_first(site: Site, peer: Peer) -> None:
    first = site.run(peer, "a")
    site.await_compilers("S")
    waiting = [site.ahead(peer, name, "prefetch") for name in ("b", "c")]
    waiting += [site.ahead(peer, "d", "speculation"), site.ahead(peer, "e", "soon"), site.run(peer, "f")]
    other = Peer(site.daemon)
    wait_until(lambda: other.ask(op="info")["open_requests"] == 6, what="that all are there")
    other.close()
    site.let(*"abcdef")
    ends = ends_of(peer, first, *waiting)
    assert all(end["ok"] for end in ends.values())
    assert list(ends) == [first, waiting[4], waiting[3], waiting[2], waiting[0], waiting[1]]


def test_what_will_be_asked_for_soon_goes_on_beside_and_makes_room(wide: Site) -> None:
    peer = Peer(wide.daemon)
    asked, soon = wide.run(peer, "a"), wide.ahead(peer, "b", "soon")
    wide.await_compilers("S", "S")
    more = wide.run(peer, "c")
    wide.await_compilers("S", "S", "T")
    wide.let("a", "c")
    assert set(ends_of(peer, asked, more)) == {asked, more}
    wide.await_compilers("S")
    wide.let("b")
    assert ends_of(peer, soon)[soon]["ok"]
    peer.close()


def nice(site: Site) -> set[int]:
    stats = [Path(f"/proc/{pid}/stat").read_text() for pid in site.compilers()]
    return {int(stat.rpartition(")")[2].split()[16]) for stat in stats}


@pytest.mark.skipif(os.geteuid() != 0, reason="takes a privilege")
def test_a_prefetch_is_nice_and_no_more_when_it_is_asked_for(site: Site, peer: Peer) -> None:
    site.ahead(peer, "a", "prefetch")
    (pid,) = site.await_compilers("S")
    assert nice(site) == {19}
    site.run(peer, "a")
    other = Peer(site.daemon)
    wait_until(lambda: site.stats(other)["promoted"], what="that it is asked for")
    assert nice(site) == {0} and list(site.compilers()) == [pid]
    other.close()


@contextmanager
def unprivileged() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Lets a function start what may not become less nice, whoever the user is."""

    def drop_and_do(function: Callable[[], object]) -> None:
        drop_from_bounding_set, niceness = 24, 23
        ctypes.CDLL(None).prctl(drop_from_bounding_set, niceness, 0, 0, 0)
        function()

    def do(function: Callable[[], object]) -> None:
        thread = threading.Thread(target=drop_and_do, args=(function,))  # capabilities are a thread's own
        thread.start()
        thread.join()

    yield do


def test_where_it_has_to_stay_nice_it_begins_anew_when_it_is_asked_for(site: Site) -> None:
    site.daemon.stop()
    with unprivileged() as do:
        do(site.daemon.start)
    peer = Peer(site.daemon)
    ahead = site.ahead(peer, "a", "prefetch")
    (pid,) = site.await_compilers("S")
    asked = site.run(peer, "a")
    other = Peer(site.daemon)
    wait_until(
        lambda: site.stats(other)["compilations"] == 2 and site.compilers(), 60, what="another compiler"
    )
    other.close()
    wait_until(lambda: not alive(pid), what="the end of the first")
    assert nice(site) == {0}
    site.let("a")
    ends = ends_of(peer, ahead, asked)
    assert ends[ahead]["ok"] and ends[asked]["ok"]
    assert site.stats(peer)["promoted"] == 1
    peer.close()


# ---- the newest text


@pytest.mark.parametrize("cpus", [1, 2])
def test_of_ten_quick_edits_the_last_one_is_compiled(tmp_path: Path, cpus: int) -> None:
    with site_in(tmp_path, cpus) as site:
        peer = Peer(site.daemon)
        edits = []
        for number in range(10):
            edits.append(site.ahead(peer, f"v{number}", "speculation", cell="c"))
            (pid,) = wait_until(
                lambda known=number + 1: site.daemon.compilations() == known and site.compilers(),
                what=f"compiler {number}",
            )
        site.let(*[f"v{number}" for number in range(10)])
        ends = ends_of(peer, *edits)
        assert [ends[id].get("code") for id in edits] == ["cancelled"] * 9 + [None]
        assert site.stats(peer)["superseded"] == 9 and not alive(pid)
        assert peer.collect(site.run(peer, "v9", cell="c"))["cache"] == "hit"
        assert not site.compilers()
        peer.close()


def test_the_same_text_again_does_not_begin_again(site: Site, peer: Peer) -> None:
    first = site.ahead(peer, "a", "speculation")
    (pid,) = site.await_compilers("S")
    second = site.ahead(peer, "a", "speculation")
    assert ends_of(peer, first)[first]["code"] == "cancelled"
    assert list(site.compilers()) == [pid]
    site.let("a")
    assert ends_of(peer, second)[second]["ok"] and site.daemon.compilations() == 1


def test_a_text_that_is_no_cell_ends_the_one_before(site: Site, peer: Peer) -> None:
    first = site.ahead(peer, "a", "speculation")
    site.await_compilers("S")
    asked = site.daemon.run_header("def main():\n    pass\nprint(1)\n", op="compile", urgency="speculation")
    second = peer.send(**asked)
    ends = ends_of(peer, first, second)
    assert ends[first]["code"] == "cancelled" and ends[second]["failure"]["code"] == "invalid_cell"
    site.await_compilers()


def test_a_cell_that_is_run_ends_its_own_older_text_alone(site: Site, peer: Peer) -> None:
    typed = site.ahead(peer, "a", "speculation", cell="one")
    site.await_compilers("S")
    site.let("b", "c")
    assert peer.collect(site.run(peer, "b", cell="two"))["ok"]
    site.await_compilers("S")
    asked = site.run(peer, "c", cell="one")
    ends = ends_of(peer, typed, asked)
    assert ends[typed]["code"] == "cancelled" and ends[asked]["ok"]
    site.await_compilers()


def test_one_client_s_text_does_not_end_another_s(site: Site) -> None:
    here, there = Peer(site.daemon, pid=os.getpid()), Peer(site.daemon, pid=os.getppid())
    beside = Peer(site.daemon, pid=os.getpid())
    mine, yours = site.ahead(here, "a", "speculation"), site.ahead(there, "b", "speculation")
    wait_until(lambda: beside.ask(op="info")["open_requests"] == 2, what="both texts")
    newer = site.ahead(beside, "c", "speculation")
    assert ends_of(here, mine)[mine]["code"] == "cancelled"
    site.let("b", "c")
    assert ends_of(there, yours)[yours]["ok"] and ends_of(beside, newer)[newer]["ok"]
    for one in (here, there, beside):
        one.close()


def test_somebody_who_waits_keeps_what_a_newer_text_would_end(site: Site, peer: Peer) -> None:
    typed = site.ahead(peer, "a", "speculation")
    site.await_compilers("S")
    other = Peer(site.daemon)
    asked = site.run(other, "a")
    wait_until(lambda: site.stats(peer)["promoted"], what="that it is asked for")
    newer = site.ahead(peer, "b", "speculation")
    assert ends_of(peer, typed)[typed]["code"] == "cancelled"
    site.let("a", "b")
    assert other.collect(asked)["ok"] and ends_of(peer, newer)[newer]["ok"]
    assert site.daemon.compilations() == 2
    other.close()


# ---- ends


@pytest.mark.parametrize("urgency", AHEAD)
def test_nothing_is_left_of_a_client_that_has_gone(site: Site, peer: Peer, urgency: str) -> None:
    gone = Peer(site.daemon)
    site.ahead(gone, "a", urgency)
    site.await_compilers("S")
    asked = site.run(peer, "b")
    site.await_compilers("S", "T")
    gone.close()
    site.await_compilers("S")
    site.let("b")
    assert peer.collect(asked)["ok"]
    site.await_compilers()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_daemon_that_has_gone(site: Site, peer: Peer, how: signal.Signals) -> None:
    site.ahead(peer, "a", "prefetch", "linger")
    site.await_compilers("S")
    site.run(peer, "b")
    below = list(site.await_compilers("S", "T"))
    assert site.daemon.process
    site.daemon.process.send_signal(how)
    site.daemon.process.wait(15)
    wait_until(lambda: not [pid for pid in below if alive(pid)], what="the end of the compilers")


def test_a_daemon_that_is_to_leave_does_not_wait_for_what_nobody_waits_for(site: Site, peer: Peer) -> None:
    ahead = site.ahead(peer, "a", "prefetch")
    site.await_compilers("S")
    peer.send(op="shutdown")
    assert ends_of(peer, ahead)[ahead]["code"] == "cancelled"
    assert site.daemon.process and site.daemon.process.wait(15) == 0


def test_what_is_asked_for_goes_on_through_its_repairs(site: Site, peer: Peer) -> None:
    site.let("a")
    source = site.source("a", "fixit fn def") + "fn old():\n    pass\n"
    ahead = peer.send(**site.daemon.run_header(source, op="compile", urgency="prefetch"))
    asked = peer.send(**site.daemon.run_header(source))
    ends = ends_of(peer, ahead, asked)
    for end in ends.values():
        assert end["ok"] and [item["line"] for item in end["modernized"]] == [8]
    assert site.daemon.compilations() == 2


# ---- any order

_STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("ask"),
            st.sampled_from("abcd"),
            st.sampled_from(["foreground", "soon", *AHEAD]),
            st.booleans(),
        ),
        st.tuples(st.just("let"), st.sampled_from("abcd")),
        st.tuples(st.just("cancel"), st.integers(0, 11)),
        st.tuples(st.just("leave")),
    ),
    max_size=12,
)


@hypothesis.settings(
    max_examples=25, suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate]
)
@hypothesis.given(steps=_STEPS)
def test_in_any_order_everything_is_answered_and_nothing_left(
    anything: tuple[Site, list[int]], steps: list[tuple]
) -> None:
    site, numbers = anything
    numbers.append(len(numbers))
    peers = [Peer(site.daemon), Peer(site.daemon)]
    name = f"{numbers[-1]}-{{}}".format
    asked: list[tuple[int, str]] = []
    for step in steps:
        if step[0] == "ask":
            _, letter, urgency, second = step
            what = site.daemon.run_header(site.source(name(letter)), op="compile", urgency=urgency)
            asked.append((int(second), peers[int(second)].send(**what)))
        elif step[0] == "let":
            site.let(name(step[1]))
        elif step[0] == "cancel" and step[1] < len(asked):
            number, id = asked[step[1]]
            peers[number].send(op="cancel", target=id)
        elif step[0] == "leave":
            peers[1].close()
            peers[1] = Peer(site.daemon)
            asked = [one for one in asked if one[0] == 0]
    wait_until(lambda: list(site.compilers().values()).count("S") <= 1, what="one compiler at a time")
    site.let(*map(name, "abcd"))
    for number, peer in enumerate(peers):
        ends = ends_of(peer, *[id for at, id in asked if at == number])
        assert all(end.get("ok") or end.get("code") == "cancelled" for end in ends.values())
        peer.close()
    site.await_compilers()


@pytest.fixture(scope="module")
def anything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, list[int]]]:
    with site_in(tmp_path_factory.mktemp("any"), 1) as one:
        yield one, []
