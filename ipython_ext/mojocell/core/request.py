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
    """What is asked for. Values are right: `mojocell.api` and the magics have looked at them.

    ``None`` stands for the setting of that name.
    """

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
        self.source = source
        self.op = op
        self.name = name
        self.cell = cell
        default = settings.values()
        self.toolchain = default["toolchain"]
        self.mode = mode or default["mode"]
        self.force = force
        self.flags = [*default["flags"], *flags]
        self.args = list(args)
        self.stdin = stdin
        self.timeout = default["timeout"] if timeout is None else timeout
        self.memory = default["memory"] if memory is None else memory
        self.cpu = default["cpu"] if cpu is None else cpu
        self.cwd = cwd
        self.env = env
        self.modernize = default["modernize"] if modernize is None else modernize
        self.exports = None if exports is None else list(exports)
        self.using = list(using)
        self.inputs: list[dict[str, str]] = []
        self.outputs: list[str] = []

    def header(self) -> dict[str, Any]:
        """Return the request as the protocol has it."""
        header: dict[str, Any] = {"op": self.op, "source": self.source, "name": self.name}
        header.update(client.surroundings(self.cwd, self.env, self.toolchain))
        if self.cell:
            header["cell"] = self.cell
        if self.flags:
            header["flags"] = self.flags
        if self.force or self.mode == "run":
            header["force"] = True
        if not self.modernize:
            header["modernize"] = False
        if self.exports is not None:
            header["exports"] = self.exports
        if self.using:
            header["using"] = self.using
        if self.inputs:
            header["inputs"] = self.inputs
        if self.outputs:
            header["outputs"] = self.outputs
        if self.op == "run":
            header.update(self._program())
        return header

    def _program(self) -> dict[str, Any]:
        header: dict[str, Any] = {}
        if self.args:
            header["args"] = self.args
        if self.stdin is not None:
            header["stdin"] = {"frame": 0}
        limits = {"wall": self.timeout, "cpu": self.cpu, "memory": self.memory}
        most = {"memory": client.MOST_MB}
        if any(limits.values()):
            header["limits"] = {
                key: min(value, most.get(key, client.MOST_SECONDS)) for key, value in limits.items() if value
            }
        return header

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
            quiet = None if sink is None else sink.quiet
            return result(client.request(self.header(), frames, on_event, silence=silence, on_quiet=quiet))
        except KeyboardInterrupt:
            stopped = Interrupted(result=result({}))
            raise stopped from None
