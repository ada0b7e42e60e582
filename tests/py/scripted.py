"""A stand-in for the C extension that answers from a script."""

from __future__ import annotations

import json
import time
import types
from typing import Any

from mojocell import _bridge


class FakeError(Exception):
    """Stands for `_bridge.Error`."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def variables(block: bytes) -> dict[str, str]:
    """Return the environment that a frame has."""
    return dict(entry.split("=", 1) for entry in block.decode().split("\0")[:-1])


class FakeBridge(types.ModuleType):
    """A bridge that answers from a script and remembers what it was asked.

    ``answers`` maps an operation to a list of answers, the last of which is repeated; an answer is
    a result, an exception to raise, or a callable that gets the request and ``on_event``.
    """

    VERSION, BUILD, PROTOCOL = "0.1.0", "fake", 1
    ERROR_CODES = ("internal", "io", "compile_failed")
    SCALARS = _bridge.SCALARS
    Function = _bridge.Function
    Error = FakeError

    def __init__(self) -> None:
        super().__init__("mojocell._bridge")
        self.requests: list[dict[str, Any]] = []
        self.frames: list[list[bytes]] = []
        self.answers: dict[str, list[Any]] = {}
        self.clients: list[Any] = []
        self.silences: list[float | None] = []
        bridge = self

        class Client:
            pid = 4711

            def __init__(self, runtime_dir: Any = None, daemon: Any = None, start: bool = True) -> None:
                self.arguments = (runtime_dir, daemon, start)
                self.closed = False
                bridge.clients.append(self)

            def request(  # noqa: PLR0917  (as the bridge has it)
                self,
                header: Any,
                frames: Any = (),
                on_event: Any = None,
                timeout: Any = None,
                silence: Any = None,
                on_quiet: Any = None,
                on_ask: Any = None,
            ) -> Any:
                bridge.silences.append(silence)
                bridge.on_quiet = on_quiet or (lambda: None)
                asked, given = json.loads(header), list(frames)
                env = asked.get("env", {})
                if type(env.get("frame")) is int:
                    asked["env"] = variables(given.pop(env["frame"]))
                return bridge.answer(asked, given, on_event)

            def interrupt(self) -> None: ...

            def close(self) -> None:
                self.closed = True

        self.Client = Client

    def answer(
        self, request: dict[str, Any], frames: list[bytes], on_event: Any
    ) -> tuple[bytes, list[bytes]]:
        self.requests.append(request)
        self.frames.append(frames)
        script = self.answers[request["op"]]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if callable(answer):

            def event(name: str, *data: bytes, **fields: Any) -> None:
                if on_event is not None:
                    on_event(json.dumps({"id": "1", "event": name, **fields}).encode(), list(data))

            answer = answer(request, event)
        if isinstance(answer, BaseException):
            raise answer
        return json.dumps({"id": "1", "event": "result", "ok": True, **answer}).encode(), []

    def wait(self, seconds: float) -> None:
        """Let time pass in a request, as the client does."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
            self.on_quiet()

    def runs(self, *output: bytes, err: bytes = b"", **result: Any) -> None:
        """Let programs print pieces and end with a result."""

        def run(_request: dict[str, Any], event: Any) -> dict[str, Any]:
            for piece in output:
                event("stdout", piece, bytes=len(piece))
            if err:
                event("stderr", err, bytes=len(err))
            return {"kind": "program", "cache": "hit", "returncode": 0, "times": {"run": 0.0012}, **result}

        self.answers["run"] = [run]
