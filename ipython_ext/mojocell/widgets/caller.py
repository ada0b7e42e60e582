"""Calls in a thread of their own, always with the newest request."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: A call that goes on for so many seconds after a newer request has come is given up for it.
PATIENCE = 1.0
#: A thread that has had nothing to do for so many seconds ends; the next request starts another.
IDLE = 30.0


@dataclass
class Request:
    """One wish of a person.

    Attributes
    ----------
    arguments : dict of str
        What the function is called with.
    tag : object
        For whoever waits for the outcome.
    """

    arguments: dict[str, Any]
    tag: Any = None


@dataclass
class Outcome:
    """What came of a request.

    Attributes
    ----------
    request : Request
        The request.
    value : object
        What the function returned.
    error : BaseException or None
        What it raised; `KeyboardInterrupt` where it was stopped.
    seconds : float
        How long the call took.
    """

    request: Request
    value: Any = None
    error: BaseException | None = None
    seconds: float = field(default=0.0)


class Caller:
    """Calls a function for the newest request; those that a newer one overtakes are never begun.

    Outcomes come in the order of the requests, none after that of a later one. A call that a newer
    request has waited for `patience` seconds is interrupted and has no outcome.

    Parameters
    ----------
    function : callable
        Called with the request's arguments.
    deliver : callable
        Called with each `Outcome`, in the thread that calls the function.
    in_python : bool
        Whether the function is Python's, which its interpreter must interrupt; calls of Mojo have their
        own way.
    patience : float
        In seconds.

    Examples
    --------
    >>> done = threading.Event()
    >>> caller = Caller(lambda n: 2 * n, lambda outcome: (print(outcome.value), done.set()))
    >>> caller.submit(Request({"n": 21})); _ = done.wait(5)
    42
    >>> caller.close()
    """

    def __init__(
        self,
        function: Callable[..., Any],
        deliver: Callable[[Outcome], object],
        *,
        in_python: bool = True,
        patience: float = PATIENCE,
    ) -> None:
        self._function = function
        self._deliver = deliver
        self._in_python = in_python
        self._patience = patience
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._next: Request | None = None
        self._current: Request | None = None
        self._began = 0.0
        self._overtaken = False
        self._interrupted = False
        self._thread: threading.Thread | None = None
        self._timer: threading.Timer | None = None
        self._closed = False

    # --- for whoever asks ---

    def submit(self, request: Request) -> None:
        """Ask for a call; what was asked for before and has not begun is forgotten."""
        with self._changed:
            if self._closed:
                return
            self._next = request
            if self._current is not None and self._timer is None:
                left = self._began + self._patience - time.monotonic()
                self._timer = threading.Timer(max(left, 0), self._overtake)
                self._timer.daemon = True
                self._timer.start()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="mojocell-interact", daemon=True)
                self._thread.start()
            self._changed.notify()

    def stop(self) -> None:
        """Interrupt the call that is going on, and forget the one that waits."""
        with self._changed:
            waits, self._next = self._next, None
            if self._current is not None:
                self._interrupt()
        if waits is not None:
            self._deliver(Outcome(waits, error=KeyboardInterrupt()))

    def close(self) -> None:
        """Interrupt what is going on and take no more requests."""
        with self._changed:
            self._closed, self._next = True, None
            if self._current is not None:
                self._overtaken = True
                self._interrupt()
            self._changed.notify()

    # --- in the thread ---

    def _work(self) -> None:
        while (request := self._take()) is not None:
            outcome = Outcome(request)
            try:
                self.call(outcome)
                self._lock.acquire()
            except KeyboardInterrupt as late:  # it met the end of the call
                outcome.error = late
                self._lock.acquire()  # perhaps for the second time
            given_up = self._leave() and isinstance(outcome.error, KeyboardInterrupt)
            self._release()
            if not given_up:
                self._deliver(outcome)

    def _release(self) -> None:
        """Release the lock as often as this thread has it."""
        with contextlib.suppress(RuntimeError):
            while True:
                self._lock.release()

    def _take(self) -> Request | None:
        """Return the next request; None where there is nothing more to do."""
        with self._changed:
            if self._next is None and not self._closed:
                self._changed.wait(IDLE)
            if self._next is None or self._closed:
                self._thread = None
                return None
            self._current, self._next = self._next, None
            self._began = time.monotonic()
            self._overtaken = self._interrupted = False
            return self._current

    def call(self, outcome: Outcome) -> None:
        """Call the function for a request, in the thread that asks."""
        began = time.perf_counter()
        try:
            outcome.value = self._function(**outcome.request.arguments)
        except BaseException as error:  # noqa: BLE001  (it is the person's to see)
            outcome.error = error
        outcome.seconds = time.perf_counter() - began

    def _leave(self) -> bool:
        """Note that the call is over; tell whether a newer request took its place. The lock is held."""
        self._current = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return self._overtaken

    # --- interruption ---

    def _overtake(self) -> None:
        with self._changed:
            self._timer = None
            if self._current is not None and self._next is not None:
                self._overtaken = True
                self._interrupt()

    def _interrupt(self) -> None:
        """Raise KeyboardInterrupt in the call, once. The lock is held."""
        from mojocell.call.unit import interrupt

        thread = self._thread
        if self._interrupted or thread is None or thread.ident is None:
            return
        self._interrupted = True
        if self._in_python:
            import ctypes

            exception = ctypes.py_object(KeyboardInterrupt)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), exception)
        interrupt(thread)
