"""One request to compile or run, from the caller's words to a `RunResult`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mojocell import settings
from mojocell.core import client, printed, surroundings
from mojocell.core.result import RunResult
from mojocell.errors import Interrupted
from mojocell.show.asking import Asking
from mojocell.show.output import Sink

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What a program is ended at, by Python's names: the protocol's, in which unit, and at most.
LIMITS: dict[str, tuple[str, int, float]] = {
    "timeout": ("wall", 1, client.MOST_SECONDS),
    "cpu": ("cpu", 1, client.MOST_SECONDS),
    "memory": ("memory", 1, client.MOST_MB),
    "processes": ("processes", 1, client.MOST_PROCESSES),
    "most_output": ("output", 1 << 20, client.MOST_MB << 20),
}
_SETTINGS = ("mode", "toolchain", "modernize", *LIMITS)

_DEFAULTS: dict[str, Any] = {
    "op": "run",
    "name": "cell",
    "cell": None,
    "toolchain": None,
    "mode": None,
    "force": False,
    "flags": (),
    "args": (),
    "stdin": None,
    "terminal": None,
    **dict.fromkeys(LIMITS),
    "cwd": None,
    "env": None,
    "modernize": None,
    "exports": None,
    "loops": (),
    "using": (),
    "inputs": (),
    "outputs": (),
    "urgency": "foreground",
}
# Those of a job of which nothing was said, where no setting says anything: what a pickle leaves out.
_PLAIN = {**_DEFAULTS, "op": "compile", "mode": "cached", "modernize": True}


class Job:
    """What is asked for; it never changes. Its values are right: `mojocell.api` and the magics look at them.

    ``None`` stands for the setting of that name. It is pickled without what is the default, and without the
    compiler, which is the other process's own.
    """

    source: str
    op: str
    name: str
    cell: str | None
    toolchain: str | None
    mode: str
    force: bool
    flags: tuple[str, ...]
    args: tuple[str, ...]
    stdin: bytes | None
    terminal: str | None
    timeout: float | None
    memory: int | None
    cpu: float | None
    processes: int | None
    most_output: int | None
    cwd: str | None
    env: dict[str, str] | None
    modernize: bool
    exports: tuple[str, ...] | None
    loops: tuple[str, ...]
    using: tuple[dict[str, Any], ...]
    inputs: tuple[dict[str, str], ...]
    outputs: tuple[str, ...]
    urgency: str  # of a compilation

    def __init__(self, source: str, **asked: Any) -> None:
        unknown = asked.keys() - _DEFAULTS.keys()
        if unknown:
            msg = f"a job has no {min(unknown)}"
            raise TypeError(msg)
        default = settings.values()
        values = {**_DEFAULTS, **asked}
        for name in _SETTINGS:
            values[name] = default[name] if values[name] is None else values[name]
        for name in ("flags", "args", "using", "exports"):
            values[name] = None if values[name] is None else tuple(values[name])
        values["flags"] = (*default["flags"], *values["flags"])
        self.__dict__.update(values, source=source)

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"a job does not change: job.but({name}=...) is another one"
        raise AttributeError(msg)

    def but(self, **changes: Any) -> Job:
        """Return the same job with some of its values changed; settings are not asked again."""
        unknown = changes.keys() - self.__dict__.keys()
        if unknown:
            msg = f"a job has no {min(unknown)}"
            raise TypeError(msg)
        return _job({**self.__dict__, **changes})

    def definition(self, source: str) -> Job:
        """Return what makes the same functions of a source again, anywhere.

        Parameters
        ----------
        source : str
            The source as it was compiled.
        """
        searches = any(flag.startswith("-I") for flag in self.flags)
        return self.but(
            source=source,
            op="compile",
            mode="cached",
            cwd=os.path.abspath(self.cwd or ".") if searches else None,
            **{name: _DEFAULTS[name] for name in ("cell", "force", "args", "stdin", "terminal", "env")},
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (self._said(),)

    def _said(self) -> dict[str, Any]:
        values = {name: value for name, value in self.__dict__.items() if value != _PLAIN.get(name)}
        values.pop("toolchain", None)
        return values

    def identity(self) -> str:
        """Return a text that is the same for the same job, in any process.

        Examples
        --------
        >>> Job("x").identity() == Job("x").identity() != Job("y").identity()
        True
        """
        return json.dumps(self._said(), sort_keys=True, default=repr)

    def header(self, frames: list[bytes] | None = None) -> dict[str, Any]:
        """Return the request as the protocol has it.

        Parameters
        ----------
        frames : list of bytes or None
            Where its binary frames go; None: it has none.
        """
        from mojocell._requests import REQUESTS

        asked: dict[str, Any] = {"source": self.source, "name": self.name}
        asked.update(_spoken(self, ("cell", "flags", "using", "inputs", "outputs")))
        if self.force or self.mode == "run":
            asked["force"] = True
        if not self.modernize:
            asked["modernize"] = False
        if self.exports is not None:
            asked["exports"] = self.exports
        if self.loops:
            asked["loops"] = self.loops
        if self.op == "run":
            asked.update(self._program(frames))
        elif self.urgency != "foreground":
            asked["urgency"] = self.urgency
        asked.update(surroundings.of_caller(self.cwd, self.env, self.toolchain, frames=frames))
        header: dict[str, Any] = REQUESTS[self.op](**asked).header()
        return header

    def _program(self, frames: list[bytes] | None) -> dict[str, Any]:
        from mojocell._requests import Limits, Stdin

        asked = _spoken(self, ("args", "terminal"))
        if self.stdin is not None and frames is not None:
            asked["stdin"] = Stdin(frame=len(frames))
            frames.append(self.stdin)
        limits = {
            wire: min(value * unit, most)
            for name, (wire, unit, most) in LIMITS.items()
            if (value := getattr(self, name))
        }
        if limits:
            asked["limits"] = Limits(**limits)
        return asked

    def output_bytes(self) -> int | None:
        """Return how much a call may print."""
        return self.most_output and self.most_output << 20

    def _lacks_input(self, message: str) -> str | None:
        """Say what to do where a program has read to the end of an input that nobody gave it."""
        if message != "EOF" or self.stdin or self.terminal or "input(" not in self.source:
            return None
        return (
            "the program asks for input and has none: give it with --stdin NAME (a cell, NAME being "
            "a variable), stdin= (mojocell.run), or a pipe or terminal (mojocell run)"
        )

    def execute(self, sink: Sink | None = None) -> RunResult:
        """Do it.

        Parameters
        ----------
        sink : Sink or None
            Told of events and output as they come.

        Returns
        -------
        RunResult
            Its `error` says what failed in the user's code, nothing is raised for that.

        Raises
        ------
        MojoError
            The request could not be served.
        KeyboardInterrupt
            The user stopped it; its ``result`` has the output until then.
        """
        follower, asking = self._followed(sink)
        taken: list[printed.Chunk] = []
        compiles = False

        def on_event(header: dict[str, Any], frames: list[bytes]) -> None:
            nonlocal compiles
            name = str(header.get("event"))
            compiles = name == "compiling" if name.startswith("compil") else compiles
            if not printed.is_output(name):
                follower.event(name, header)
                return
            chunk = printed.of_event(header, frames)
            taken.append(chunk)
            for stream, data in chunk.pieces() if sink else ():
                follower.output(stream, data)

        def result(wire: dict[str, Any]) -> RunResult:
            made = RunResult(wire, taken, source=self.source, name=self.name)
            if made.error is not None:
                from mojocell.core import python_inside

                hint = python_inside.hint(made.error.message, self.env)
                hint = hint or (None if asking else self._lacks_input(made.error.message))
                made.error.hint = hint or made.error.hint
            follower.ended(made.error)
            return made

        frames: list[bytes] = []
        header = self.header(frames)
        if asking is not None:
            header["asks"] = True
        silence = client.patience(self.timeout)
        try:
            if sink is None:
                return result(client.request(header, frames, on_event, silence=silence, only_output=True))
            return result(
                client.request(
                    header,
                    frames,
                    on_event,
                    silence=silence,
                    on_quiet=follower.quiet,
                    on_ask=asking.answer if asking is not None else None,
                )
            )
        except KeyboardInterrupt:
            stopped = Interrupted(result=result({}), compiling=compiles)
            raise stopped from None
        finally:
            if asking is not None:
                asking.let_go()

    def _followed(self, sink: Sink | None) -> tuple[Sink, Asking | None]:
        """Return who is told how it goes on, and who is asked for what it reads."""
        reader = sink.reader if sink is not None else None
        if sink is None or reader is None or self.op != "run" or self.stdin is not None or self.terminal:
            return sink or Sink(), None
        asking = Asking(sink, reader)
        return asking, asking


def _spoken(job: Job, names: Sequence[str]) -> dict[str, Any]:
    """Return those fields that say something."""
    return {name: value for name in names if (value := getattr(job, name))}


def _job(values: dict[str, Any]) -> Job:
    made = object.__new__(Job)
    made.__dict__.update(values)
    return made


def restored(values: dict[str, Any]) -> Job:
    """Return the job that was pickled; the compiler is this process's."""
    return _job({**_PLAIN, "toolchain": settings.value_of("toolchain"), **values})
