"""One request to compile or run, from the caller's words to a `RunResult`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mojocell import settings
from mojocell.core import client
from mojocell.core.result import RunResult
from mojocell.errors import Interrupted
from mojocell.show.output import Sink

if TYPE_CHECKING:
    from collections.abc import Sequence


class Job:
    """What is asked for; it never changes. Its values are right: `mojocell.api` and the magics look at them.

    ``None`` stands for the setting of that name.
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
    timeout: float | None
    memory: int | None
    cpu: float | None
    cwd: str | None
    env: dict[str, str] | None
    modernize: bool
    exports: tuple[str, ...] | None
    using: tuple[dict[str, Any], ...]
    inputs: tuple[dict[str, str], ...]
    outputs: tuple[str, ...]

    def __init__(
        self,
        source: str,
        *,
        op: str = "run",
        name: str = "cell",
        cell: str | None = None,
        mode: str | None = None,
        force: bool = False,
        flags: Sequence[str] = (),
        args: Sequence[str] = (),
        stdin: bytes | None = None,
        timeout: float | None = None,
        memory: int | None = None,
        cpu: float | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        modernize: bool | None = None,
        exports: Sequence[str] | None = None,
        using: Sequence[dict[str, Any]] = (),
    ) -> None:
        default = settings.values()
        self.__dict__.update(
            source=source,
            op=op,
            name=name,
            cell=cell,
            toolchain=default["toolchain"],
            mode=mode or default["mode"],
            force=force,
            flags=(*default["flags"], *flags),
            args=tuple(args),
            stdin=stdin,
            timeout=default["timeout"] if timeout is None else timeout,
            memory=default["memory"] if memory is None else memory,
            cpu=default["cpu"] if cpu is None else cpu,
            cwd=cwd,
            env=env,
            modernize=default["modernize"] if modernize is None else modernize,
            exports=None if exports is None else tuple(exports),
            using=tuple(using),
            inputs=(),
            outputs=(),
        )

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"a job does not change: job.but({name}=...) is another one"
        raise AttributeError(msg)

    def but(self, **changes: Any) -> Job:
        """Return the same job with some of its values changed; settings are not asked again."""
        unknown = changes.keys() - self.__dict__.keys()
        if unknown:
            msg = f"a job has no {min(unknown)}"
            raise TypeError(msg)
        other = object.__new__(Job)
        other.__dict__.update(self.__dict__, **changes)
        return other

    def header(self) -> dict[str, Any]:
        """Return the request as the protocol has it."""
        from mojocell._requests import REQUESTS

        asked: dict[str, Any] = {"source": self.source, "name": self.name}
        asked.update(client.surroundings(self.cwd, self.env, self.toolchain))
        asked.update(_said(self, ("cell", "flags", "using", "inputs", "outputs")))
        if self.force or self.mode == "run":
            asked["force"] = True
        if not self.modernize:
            asked["modernize"] = False
        if self.exports is not None:
            asked["exports"] = self.exports
        if self.op == "run":
            asked.update(self._program())
        header: dict[str, Any] = REQUESTS[self.op](**asked).header()
        return header

    def _program(self) -> dict[str, Any]:
        from mojocell._requests import Limits, Stdin

        asked = _said(self, ("args",))
        if self.stdin is not None:
            asked["stdin"] = Stdin(frame=0)
        limits = {"wall": self.timeout, "cpu": self.cpu, "memory": self.memory}
        most = {"memory": client.MOST_MB}
        if any(limits.values()):
            asked["limits"] = Limits(
                **{
                    key: min(value, most.get(key, client.MOST_SECONDS))
                    for key, value in limits.items()
                    if value
                }
            )
        return asked

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
        follower = sink or Sink()
        taken: dict[str, list[bytes]] = {"stdout": [], "stderr": []}

        def on_event(header: dict[str, Any], frames: list[bytes]) -> None:
            name = str(header.get("event"))
            if name in taken:
                taken[name] += frames
                for data in frames:
                    follower.output(name, data)
            else:
                follower.event(name, header)

        def result(wire: dict[str, Any]) -> RunResult:
            streams = {name: b"".join(pieces) for name, pieces in taken.items()}
            made = RunResult(wire, **streams, source=self.source, name=self.name)
            if made.error is not None:
                from mojocell.core import python_inside

                made.error.hint = python_inside.hint(made.error.message, self.env) or made.error.hint
            return made

        frames = [self.stdin] if self.stdin is not None and self.op == "run" else []
        try:
            silence = client.patience(self.timeout)
            if sink is None:
                return result(
                    client.request(self.header(), frames, on_event, silence=silence, only_output=True)
                )
            return result(
                client.request(self.header(), frames, on_event, silence=silence, on_quiet=sink.quiet)
            )
        except KeyboardInterrupt:
            stopped = Interrupted(result=result({}))
            raise stopped from None


def _said(job: Job, names: Sequence[str]) -> dict[str, Any]:
    """Return those fields that say something."""
    return {name: value for name in names if (value := getattr(job, name))}
