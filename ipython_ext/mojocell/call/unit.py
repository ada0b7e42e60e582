"""Mojo functions as Python callables.

A compiled source is a `Unit`. It makes the callables of its functions: each a `MojoFunction`, which
the C extension calls, with a Python function beside it, the stub, that has what tools ask of a
function: annotations, defaults, documentation, and code that points at the Mojo source.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import errors, hosts, settings
from mojocell.call import structs
from mojocell.call.failure import failure
from mojocell.call.stubs import make_stub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Literal

    from mojocell._bridge import Function, Library, Worker
    from mojocell.call.stubs import Entry
    from mojocell.core.request import Job
    from mojocell.core.result import RunResult

    MojoFunction = Function
    CallMode = Literal["inline", "isolated"]


# --- units ------------------------------------------------------------------------------------

# What has been compiled and is still in use, by what was asked for: where a function is unpickled in
# the process that it comes from, it is the same one.
_units: weakref.WeakValueDictionary[str, Unit] = weakref.WeakValueDictionary()
_all_units: weakref.WeakSet[Unit] = weakref.WeakSet()


class Calling(NamedTuple):
    """How the functions of a source are called.

    Attributes
    ----------
    mode : {"inline", "isolated"} or None
        Where; None: by the settings.
    nogil : bool
        Whether other Python threads run during a call.
    module : str
        The ``__module__`` of the functions.
    """

    mode: str | None = None
    nogil: bool = False
    module: str = "__main__"


class Unit:
    """A compiled source, and what its functions have in common.

    Parameters
    ----------
    job : Job
        What was asked for.
    result : RunResult
        What came of it.
    calling : Calling
        How its functions are called.
    """

    def __init__(self, job: Job, result: RunResult, calling: Calling) -> None:
        self.job = job.definition(result.source)
        self.calling = calling
        self.source = result.source
        self.name = result.name
        self.result = result
        # A cache takes what says that it is from a cell for what the cell's code says.
        is_known = hosts.know_by_content(_function_type, _content)
        self.module = "mojocell" if calling.module == "__main__" and is_known else calling.module
        self.skipped = dict(result.skipped)
        #: The classes of the structs in its signatures, by what these call them.
        self.classes = structs.classes(result.records, self.module) if result.records else {}
        self.entries: dict[str, list[Entry]] = {}
        for entry in result.functions:
            with_classes = {**entry, "classes": self.classes} if self.classes else entry
            self.entries.setdefault(str(entry["name"]), []).append(with_classes)
        self._functions: dict[str, MojoFunction] = {}
        self._library: Library | None = None
        #: What loading the artifact into this process took; None where it is not loaded.
        self.load_seconds: float | None = None
        self._where: tuple[CallMode, str | None] | None = None
        self._worker: Worker | None = None
        self._worker_lock = threading.Lock()
        self._stale: str | Callable[[str], object] | None = None
        #: Whether it is said on stderr that functions run isolated; False where it is shown otherwise.
        self.tells = True
        self._workers: list[Worker] = []
        #: What its workers have, of when they were first wanted; None: there are none.
        self.environment: dict[str, str] | None = None
        _units[_identity(self.job, calling)] = self
        _all_units.add(self)

    # --- its functions ---

    def function(self, name: str) -> MojoFunction:
        """Return a function, the same one each time.

        Raises
        ------
        KeyError
            The source has none of that name.
        """
        found = self._functions.get(name)
        if found is None:
            found = self._functions.setdefault(name, self._make(name, self.entries[name]))
        return found

    def _make(self, name: str, entries: list[Entry]) -> MojoFunction:
        from mojocell._bridge import Function

        mode, reason = self.mode()
        if reason and self.tells:
            _tell(name, reason)
        made = Function(
            name,
            entries,
            self._library,
            mode=mode,
            nogil=self.calling.nogil or hosts.current().wants_gil(prints=self._prints()),
            worker=self.worker,
            fail=functools.partial(failure, self, name),
            on_isolated=functools.partial(_tell, name),
            stub=make_stub(self, name, entries),
            reduce=(rebuild, (self.job, self.calling, name)),
            map=functools.partial(_map, self, name),
        )
        made.stale = functools.partial(self._stale, name) if callable(self._stale) else self._stale
        return made

    def _prints(self) -> bool:
        """Tell whether its functions may print in this very process."""
        return self._library is not None and self._library.prints

    def set_stale(self, reason: str) -> None:
        """Let all functions raise this instead of running."""
        self._stale = reason
        for made in self._functions.values():
            made.stale = reason

    def outdate(self, refresh: Callable[[str], object]) -> None:
        """Let all functions ask for what takes their place, when they are called next."""
        self._stale = refresh
        for name, made in self._functions.items():
            made.stale = functools.partial(refresh, name)

    @property
    def stale(self) -> str | Callable[[str], object] | None:
        """Why its functions are not to be called any more, or what gives those that are called instead."""
        return self._stale

    def wanted(self, name: str) -> bool:
        """Tell whether a function was to be callable."""
        return self.job.exports is None or name in self.job.exports

    # --- where they run ---

    def mode(self) -> tuple[CallMode, str | None]:
        """Return how its functions are called, and why not as was asked for; loads the artifact."""
        if self._where is None:
            self._where = self._choose()
        return self._where

    def _choose(self) -> tuple[CallMode, str | None]:
        mode = self.calling.mode or settings.value_of("call_mode") or hosts.current().default_mode()
        if mode == "isolated":
            return "isolated", None
        from mojocell import _bridge

        try:
            self._library = self._load()
        except _bridge.Error as error:
            if error.code != "runtime_conflict":
                raise errors.from_code(error.code, error.message, error.hint) from None
            return "isolated", error.message
        reason = self._library.isolated_reason
        return ("isolated", reason) if reason else ("inline", None)

    def _load(self) -> Library:
        """Load the artifact; compile once more where the cache has let go of it, now or meanwhile."""
        import os

        from mojocell import _bridge

        for last in (False, False, True):
            if not os.path.exists(self.result.artifact or ""):
                self.result = self.job.execute()
                if self.result.error is not None:
                    raise self.result.error
            try:
                return self.open(self.result)
            except _bridge.Error:
                if last or os.path.exists(self.result.artifact or ""):
                    raise
        raise AssertionError

    def open(self, result: RunResult) -> Library:
        """Load an artifact into this process."""
        from mojocell._bridge import Library

        runtime = result.runtime
        start = time.perf_counter()
        library = Library(
            result.artifact or "",
            runtime.get("libraries") or (),
            identity=runtime.get("identity") or "",
            name=self.name,
        )
        if result is self.result:
            self.load_seconds = time.perf_counter() - start
        hosts.current().keep_interrupts()
        return library

    def worker(self) -> Worker:
        """Return the workers for isolated calls; they start with the first call."""
        with self._worker_lock:  # several threads may come at first: they share the workers
            if self._worker is None:
                from mojocell.show.output import Echo

                self._worker = self._make_worker(Echo().output, self.job.timeout)
            return self._worker

    def _make_worker(self, output: Callable[[str, bytes], object], wall: float | None) -> Worker:
        from mojocell import _bridge
        from mojocell.core import client

        # What is a call's limit is not the worker's.
        request = self.job.but(op="run", timeout=None, cpu=None, most_output=None).header()
        self.environment = request["env"]
        table = "".join(f"{entry['symbol']} {entry['abi']}\n" for entry in self.result.functions)
        header = client.encode(request).decode()
        made = _bridge.Worker(
            client.client(),
            header,
            table,
            output,
            wall=wall,
            cpu=self.job.cpu,
            most_output=self.job.output_bytes(),
            silence=client.patience(wall),
        )
        self._workers.append(made)
        return made

    @property
    def timeout(self) -> float | None:
        """Seconds that an isolated call may take; None: any number."""
        return self.job.timeout

    def interrupt(self, thread: int) -> None:
        """Interrupt the isolated calls of a thread (``threading.get_ident``)."""
        for worker in self._workers:
            worker.interrupt(thread)

    def capturing(
        self, name: str, output: Callable[[str, bytes], object], *, wall: float | None = None
    ) -> MojoFunction:
        """Return a function that is called isolated and whose output goes to a callable.

        Parameters
        ----------
        name : str
            One of its functions.
        output : callable
            Called with ``"stdout"`` or ``"stderr"`` and bytes, before the call returns.
        wall : float, optional
            Seconds that a call may take.
        """
        from mojocell._bridge import Function

        worker = self._make_worker(output, wall)
        return Function(
            name,
            self.entries[name],
            None,
            mode="isolated",
            worker=lambda: worker,
            fail=functools.partial(failure, self, name),
            stub=make_stub(self, name, self.entries[name]),
        )

    # --- for others ---

    def content(self, name: str = "") -> bytes:
        """Return what it, or a function of it, is made of, as caches know it."""
        return f"mojocell {self.result.key or self.source} {name}".encode()

    def used(self, names: Sequence[str]) -> dict[str, Any]:
        """Return what makes functions of this source known to another one: an item of ``using``."""
        item: dict[str, Any] = {"source": self.source, "names": list(names)}
        if self.job.using:
            item["using"] = list(self.job.using)
        return item


def _map(unit: Unit, name: str, function: MojoFunction) -> Any:
    from mojocell.call.mapping import MojoMap

    return MojoMap.of(unit, name, function)


def _function_type() -> type:
    from mojocell._bridge import Function

    return Function


def _content(function: MojoFunction) -> bytes:
    """Return what a function is made of, as caches know it."""
    unit: Unit = function.__mojo__  # type: ignore[attr-defined]
    return unit.content(function.__name__)


def _identity(job: Job, calling: Calling) -> str:
    return f"{job.identity()} {calling}"


def rebuild(job: Job, calling: Calling, name: str, changes: Mapping[str, Any] | None = None) -> Any:
    """Return a function, in whatever process this is: what pickles call.

    Parameters
    ----------
    job : Job
        What its `Unit` was made of.
    calling : Calling
        As its unit has it.
    name : str
        The function's.
    changes : mapping, optional
        What the function's ``with_options`` was told.

    Examples
    --------
    >>> from mojocell.core.request import Job
    >>> rebuild(Job("def twice(n: Int) -> Int: return 2 * n", op="compile"), Calling(), "twice")(21)
    42
    """
    function = unit_of(job, calling).function(name)
    return function if changes is None else function.with_options(**changes)


def unit_of(job: Job, calling: Calling) -> Unit:
    """Return the unit of what is asked for: one that is there, or a new one."""
    found = _units.get(_identity(job, calling))
    if found is not None:
        return found
    result = job.execute()
    if result.error is not None:
        raise result.error
    return Unit(job, result, calling)


def interrupt(thread: threading.Thread | int) -> None:
    r"""Interrupt the Mojo call that another thread is in: it raises KeyboardInterrupt there.

    Ctrl-C is for the main thread alone. A call that holds the GIL lets no other thread ask for this:
    it is for isolated calls and for those with ``nogil=True``.

    Parameters
    ----------
    thread : threading.Thread or int
        The thread, or its ``ident``. Where it is in no call, nothing happens.

    Raises
    ------
    ValueError
        There is no such thread.

    Examples
    --------
    >>> import threading, time
    >>> import mojocell as mc
    >>> spin = mc.compile("def spin(n: Int):\n    while n != 0: pass", mode="isolated").spin
    >>> def work():
    ...     try:
    ...         spin(1)
    ...     except KeyboardInterrupt:
    ...         print("stopped")
    >>> thread = threading.Thread(target=work)
    >>> thread.start(); time.sleep(0.5); mc.interrupt(thread); thread.join()
    stopped
    """
    from mojocell import _bridge

    ident = thread.ident if isinstance(thread, threading.Thread) else thread
    found = next((each for each in threading.enumerate() if each.ident == ident), None)
    if found is None or found.native_id is None or found.ident is None:
        msg = f"there is no running thread {thread!r}"
        raise ValueError(msg)
    _bridge.interrupt(found.native_id)
    for unit in list(_all_units):
        unit.interrupt(found.ident)


# --- where they run -----------------------------------------------------------------------------

_told: set[str] = set()


def _tell(name: str, reason: str) -> None:
    """Say once for each reason why a function runs isolated."""
    if reason in _told:
        return
    _told.add(reason)
    print(f"{name} runs isolated: {reason}", file=sys.stderr)
