"""Nothing grows with what is done again and again: references, blocks, objects, descriptors, threads.

Each case is one call, that works or fails, made often after a warm-up. A leak grows with each call, in each of three rounds; what a
cache or the allocator keeps does not.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mojocell as mc
import thunks
from mojocell import _bridge, settings
from thunks import entry, make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from test_bridge import Place

from test_bridge import INFO, place, script

__all__ = ["place"]  # a fixture

WARM_UP, TIMES = 30, 200


def tally(arguments: tuple[Any, ...]) -> dict[str, int]:
    gc.collect()
    counted = {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": len(os.listdir("/proc/self/task")),
        "objects": len(gc.get_objects()),
        "blocks": sys.getallocatedblocks(),
    }
    counted.update({f"references of {i}": sys.getrefcount(each) for i, each in enumerate(arguments)})
    return counted


def assert_nothing_grows(
    call: Callable[[], object], *arguments: Any, times: int = TIMES, warm_up: int = WARM_UP
) -> None:
    """Make the call `times` times; what it raises is of no interest here."""

    def again(count: int) -> None:
        for _ in range(count):
            with contextlib.suppress(Exception):
                call()

    again(warm_up)
    for _ in range(6):  # what leaks does so each time; other threads allocate now and then
        before = tally(arguments)
        again(times)
        after = tally(arguments)
        limits = {name: 1 if name in ("descriptors", "threads") else times // 2 for name in before}
        grown = {
            name: after[name] - before[name] for name in before if after[name] - before[name] >= limits[name]
        }
        if not grown:
            return
    assert grown == {}


def raises(call: Callable[[], object], kind: type[BaseException]) -> Callable[[], None]:
    """A call that has to fail in this way."""

    def made() -> None:
        with pytest.raises(kind):
            call()

    with pytest.raises(kind):
        call()
    return made


BIG = 10**30
ARRAY = np.arange(100.0)
TEXT = "wörd" * 10


class Unfit:
    def __index__(self) -> int:
        raise ZeroDivisionError


def fail(kind: str, details: dict[str, Any]) -> Exception:
    return RuntimeError(kind)


def functions() -> dict[str, tuple[Callable[[], object], tuple[Any, ...]]]:
    """Calls of `_bridge` that need no daemon, each with the objects whose references are counted."""
    identity = make("f", "(Int) -> Int", "n", "echo")
    total = make("f", "(Span[Float64]) -> Float64", "x", "sum")
    numbers = make("f", "(List[Int8]) -> List[Int8]", "x", "echo_list_1")
    entries = [entry("next", "(Int) -> Int", "n")]
    library, nothing = thunks.library(), [1, 2, "x"]
    return {
        "a number": (lambda: identity(5), (identity,)),
        "by keyword": (lambda: identity(n=5), (identity,)),
        "too large": (raises(lambda: identity(BIG), OverflowError), (identity, BIG)),
        "of a wrong type": (raises(lambda: identity(TEXT), TypeError), (identity, TEXT)),
        "too many": (raises(lambda: identity(1, 2), TypeError), (identity,)),
        "unknown keyword": (raises(lambda: identity(m=1), TypeError), (identity,)),
        "raising in __index__": (raises(lambda: identity(Unfit()), ZeroDivisionError), (identity, Unfit)),
        "an array": (lambda: total(ARRAY), (total, ARRAY)),
        "an array of a wrong type": (raises(lambda: total(ARRAY > 1), TypeError), (total, ARRAY)),
        "a list to an array": (lambda: total([1.0, 2.0]), (total,)),
        "a list": (lambda: numbers([1, 2]), (numbers,)),
        "a list that does not fit": (raises(lambda: numbers(nothing), TypeError), (numbers, nothing)),
        "a list out of range": (raises(lambda: numbers([1, 1000]), OverflowError), (numbers,)),
        "attributes": (
            lambda: (identity.signatures, identity.isolated_reason, identity.__wrapped__, identity.library),
            (identity, library),
        ),
        "options": (lambda: identity.with_options(nogil=True)(1), (identity, library)),
        "wrong options": (raises(lambda: identity.with_options(mode="x"), ValueError), (identity,)),
        "copies": (lambda: (copy.copy(identity), copy.deepcopy(identity)), (identity,)),
        "no pickle": (raises(lambda: pickle.dumps(identity), Exception), (identity,)),
        "rehearsal": (identity.rehearsal, (identity, library)),
        "a function": (lambda: _bridge.Function("next", entries, library), (entries, library, entries[0])),
        "no function": (raises(lambda: _bridge.Function("next", [{}], library), Exception), (library,)),
        "no entries": (raises(lambda: _bridge.Function("next", [], library), ValueError), (library,)),
        "no signature": (
            raises(lambda: _bridge.Function("f", [entry("f", "(Nope) -> Int", "n")], library), Exception),
            (library,),
        ),
        "a library": (lambda: _bridge.Library(thunks.artifact()), (thunks.artifact(),)),
        "no library": (raises(lambda: _bridge.Library("/nowhere.so"), _bridge.Error), ()),
        "arm": (lambda: _bridge.arm(True), ()),
        "damaged": (_bridge.damaged, ()),
        "an error": (lambda: pickle.loads(pickle.dumps(_bridge.Error("io", "x", "y"))), (_bridge.Error,)),
        "no error": (raises(lambda: _bridge.Error(3), TypeError), (_bridge.Error,)),
    }


@pytest.mark.parametrize("name", functions())
def test_calls_in_the_process(name: str) -> None:
    call, arguments = functions()[name]
    assert_nothing_grows(call, *arguments)


def test_crashes_in_the_process() -> None:
    crash = make("trap", "() -> None", fail=fail)
    assert_nothing_grows(raises(crash, RuntimeError), crash, fail)


def requests(place: Place) -> dict[str, Callable[[], object]]:
    """Requests to the scripted daemon, that work and fail."""
    client = place.client()

    def stop(_: bytes, __: list[bytes]) -> None:
        raise ZeroDivisionError

    def once() -> None:
        own = place.client()
        own.request(INFO)
        own.close()

    return {
        "info": lambda: client.request(INFO, [b"x" * 100]),
        "events": lambda: client.request(script("started", "stdout 100", "result"), (), print_nothing),
        "refused": raises(lambda: client.request(script("refuse limit")), _bridge.Error),
        "stopped": raises(lambda: client.request(script("started", "hang"), (), stop), ZeroDivisionError),
        "out of time": raises(lambda: client.request(script("hang"), timeout=1e-6), _bridge.Error),
        "malformed": raises(lambda: client.request(script("malformed text")), _bridge.Error),
        "no header": raises(lambda: client.request("{"), _bridge.Error),
        "no frames": raises(lambda: client.request(INFO, [3]), TypeError),
        "no timeout": raises(lambda: client.request(INFO, timeout=-BIG), ValueError),
        "a client": once,
        "no directory": raises(lambda: _bridge.Client("/proc/nowhere").request(INFO), _bridge.Error),
        "no worker": raises(lambda: _bridge.Worker(client, "{}", "", wall=-1), ValueError),
        "a worker": lambda: _bridge.Worker(client, "{}", "", print_nothing, wall=1, silence=1).count,
    }


def print_nothing(*_: object) -> None:
    pass


REQUESTS = (
    *("info", "events", "refused", "stopped", "out of time", "malformed", "no header", "no frames"),
    *("no timeout", "a client", "no directory", "no worker", "a worker"),
)


@pytest.mark.parametrize("name", REQUESTS)
def test_requests(place: Place, name: str) -> None:
    assert_nothing_grows(requests(place)[name], print_nothing, INFO)


# --- what a user calls, over the real daemon ---

SOURCE = """
def next(n: Int) -> Int:
    return n + 1

def at(n: Int) -> Int:
    var x: List[Int] = [1, 2, 3]
    return x[n]

def fail(n: Int) raises -> Int:
    raise Error("no")

def say(n: Int):
    print(n)
"""


@pytest.fixture(scope="module")
def inline(service: Path) -> mc.MojoModule:
    return mc.compile(SOURCE)


@pytest.fixture(scope="module")
def isolated(service: Path) -> mc.MojoModule:
    return mc.compile(SOURCE, mode="isolated")


@pytest.mark.parametrize("where", ["inline", "isolated"])
@pytest.mark.parametrize(
    ("name", "argument", "kind"),
    [
        ("next", 1, None),
        ("next", "x", TypeError),
        ("fail", 1, mc.MojoError),
        ("say", 1, None),
        ("at", 9, mc.MojoCrash),
    ],
)
def test_functions(
    request: pytest.FixtureRequest, where: str, name: str, argument: Any, kind: type[Exception] | None
) -> None:
    function = getattr(request.getfixturevalue(where), name)
    call = (lambda: function(argument)) if kind is None else raises(lambda: function(argument), kind)
    slow = kind is mc.MojoCrash and where == "isolated"  # each has a new process
    assert_nothing_grows(
        call, function, argument, times=40 if slow else TIMES, warm_up=5 if slow else WARM_UP
    )


@pytest.fixture
def no_toolchain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.set_value("toolchain", "/nowhere")
    yield
    settings.set_value("toolchain", None)


OFTEN = {"run that is no cell": (4, 1)}  # compiled each time
PUBLIC: dict[str, tuple[Callable[[], object], type[Exception] | None]] = {
    "run": (lambda: mc.run("print(1)"), None),
    "run raising": (lambda: mc.run('raise Error("no")'), mc.MojoRuntimeError),
    "run crashing": (lambda: mc.run("from std.os import abort\nabort()"), mc.MojoCrash),
    "run refused": (lambda: mc.run("print(1)", timeout=-1), ValueError),
    "run that is no cell": (lambda: mc.run("def (:"), mc.MojoCompileError),
    "compile": (lambda: mc.compile(SOURCE, mode="isolated"), None),
    "compile refused": (lambda: mc.compile(SOURCE, mode="nowhere"), ValueError),
    "cell": (lambda: mc.cell("print(1)"), None),
    "info": (mc.info, None),
    "cache.stats": (mc.cache.stats, None),
    "cache.explain": (mc.cache.explain, None),
}


@pytest.fixture(autouse=True)
def recorded() -> None:
    """Nothing is held against the schema here: what does that keeps memory of its own."""


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("name", PUBLIC)
def test_public_calls(name: str) -> None:
    call, kind = PUBLIC[name]
    times, warm_up = OFTEN.get(name, (60, 10))
    assert_nothing_grows(raises(call, kind) if kind else call, times=times, warm_up=warm_up)


@pytest.mark.usefixtures("service", "no_toolchain")
def test_a_compiler_that_is_not_there() -> None:
    assert_nothing_grows(raises(lambda: mc.run("print(1)"), mc.ToolchainNotFound), times=60, warm_up=10)
