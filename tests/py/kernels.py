"""A real ipykernel, driven as a front end drives it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent


def environment(directory: Path) -> dict[str, str]:
    """Return the environment of a kernel: this package, the tests' directory, no one's own IPython."""
    import mojocell

    paths = [str(HERE), str(Path(mojocell.__file__).resolve().parents[1])]
    own = {"PYTHONPATH": os.pathsep.join(paths), "IPYTHONDIR": str(directory / "ipython")}
    # With this one set, a kernel does not read what its own process prints, as it does for its users.
    others = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return {**others, **own}


class Outcome:
    """All that came of one cell, in order."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, str, dict[str, Any]]] = []
        self.reply: dict[str, Any] = {}

    @property
    def status(self) -> str:
        return str(self.reply["status"])

    def stream(self, name: str = "stdout") -> str:
        return "".join(c["text"] for _, kind, c in self.messages if kind == "stream" and c["name"] == name)

    def displays(self) -> list[str]:
        """Return the text of each display as it stands at the end, updates applied."""
        found: dict[Any, str] = {}
        for number, (_, kind, content) in enumerate(self.messages):
            if kind in ("display_data", "update_display_data"):
                key = content.get("transient", {}).get("display_id") or number
                found[key] = content["data"]["text/plain"]
        return list(found.values())

    def kinds(self) -> list[str]:
        return [kind for _, kind, _ in self.messages]

    @property
    def error(self) -> str:
        """Return what the error shows, without colours."""
        import re

        text = "\n".join("\n".join(c["traceback"]) for _, kind, c in self.messages if kind == "error")
        return re.sub(r"\x1b\[[0-9;]*m", "", text)


class Kernel:
    """A started kernel and its client."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager, self.client = manager, client

    def start(
        self,
        code: str,
        *,
        reader: bool = True,
        cell_id: str | None = None,
        deleted: tuple[str, ...] = (),
    ) -> str:
        """Send a cell without waiting; `reader` is whether somebody sits in front, `deleted` cells are gone."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": reader,
            "stop_on_error": True,
        }
        message = self.client.session.msg("execute_request", content)
        if cell_id is not None:
            message["metadata"]["cellId"] = cell_id
        if deleted:
            message["metadata"]["deletedCells"] = list(deleted)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def finish(
        self,
        request: str,
        timeout: float = 60,
        until: str | None = None,
        kind: str | None = None,
        outcome: Outcome | None = None,
    ) -> Outcome:
        """Collect what comes until the kernel is idle, a stream has the text `until`, or a `kind` came.

        `outcome`: what came before, to which the rest is added.
        """
        outcome = outcome or Outcome()
        deadline = time.monotonic() + timeout
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=max(0.01, deadline - time.monotonic()))
            except Empty:
                raise TimeoutError(f"the cell did not end in {timeout} s: {outcome.messages}") from None
            if message["parent_header"].get("msg_id") != request:
                continue
            came, content = message["header"]["msg_type"], message["content"]
            if came == "status" and content["execution_state"] == "idle":
                break
            outcome.messages.append((time.monotonic(), came, content))
            if came == kind or (until is not None and until in outcome.stream()):
                return outcome
        while True:
            reply = self.client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == request:
                outcome.reply = reply["content"]
                return outcome

    def run(self, code: str, timeout: float = 60, **keywords: Any) -> Outcome:
        return self.finish(self.start(code, **keywords), timeout)

    def question(self, timeout: float = 60) -> str:
        """Wait until the kernel asks for a line; return what it asks."""
        return str(self.client.get_stdin_msg(timeout=timeout)["content"]["prompt"])

    def run_answering(self, code: str, *answers: str) -> tuple[Outcome, list[str]]:
        """Run a cell whose questions get these answers; return what was asked, too."""
        request = self.start(code)
        asked = []
        for answer in answers:
            asked.append(self.question())
            self.client.input(answer)
        return self.finish(request), asked

    def ask(self, kind: str, **content: Any) -> dict[str, Any]:
        """Ask on the shell's channel, as for completions; return the content of the reply."""
        message = self.client.session.msg(f"{kind}_request", content)
        self.client.shell_channel.send(message)
        while True:
            reply = self.client.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return dict(reply["content"])

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()


class Typing:
    """A kernel, asked as a front end does while somebody types."""

    def __init__(self, shell: Kernel) -> None:
        self.shell = shell
        self.comm = ""
        self.count = 0

    def reply(self, request: str) -> dict[str, Any]:
        while True:
            message = self.shell.client.get_shell_msg(timeout=60)
            if message["parent_header"].get("msg_id") == request:
                return message["content"]

    def tab(self, text: str) -> dict[str, Any]:
        before, _, after = text.partition("|")
        return self.reply(self.shell.client.complete(before + after, len(before)))

    def shift_tab(self, text: str) -> dict[str, Any]:
        before, _, after = text.partition("|")
        return self.reply(self.shell.client.inspect(before + after, len(before)))

    def send(self, kind: str, **content: Any) -> None:
        session = self.shell.client.session
        self.shell.client.shell_channel.send(session.msg(kind, {"comm_id": "typing", **content}))

    def ask(self, op: str, text: str, cell: str = "a", **more: Any) -> int:
        if not self.count:
            self.send("comm_open", target_name="mojocell.writing", data={})
        self.count += 1
        self.send("comm_msg", data={"op": op, "number": self.count, "cell": cell, "text": text, **more})
        return self.count

    def answer(self, number: int) -> dict[str, Any]:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            message = self.shell.client.get_iopub_msg(timeout=60)
            data = message["content"].get("data", {})
            if message["header"]["msg_type"] == "comm_msg" and data.get("number") == number:
                return data
        raise AssertionError(f"no answer {number}")


def until_found(ask: Any, text: str, name: str) -> dict[str, Any]:
    """What is answered once the server has read the text; a kernel waits for two seconds alone."""
    for _ in range(30):
        reply = ask(text)
        if reply.get(name):
            return reply
    raise AssertionError(f"nothing for {text!r}")


@contextmanager
def kernel(
    directory: Path,
    *,
    python: str = sys.executable,
    env: dict[str, str] | None = None,
    module: str = "ipykernel_launcher",
) -> Iterator[Kernel]:
    """Start a kernel that sees the tests' directory, stop it at the end."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import KernelManager

    manager = KernelManager(connection_file=str(directory / "kernel.json"))
    command = [python, "-m", module, "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=command, display_name="test", language="python")
    manager.start_kernel(env={**environment(directory), **(env or {})}, cwd=str(directory))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def execute(cells: list[str], directory: Path) -> list[Any]:
    """Execute a notebook of these cells as nbclient does; return the outputs that it saves."""
    import nbclient
    import nbformat
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import KernelManager

    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell, id=f"c{number}") for number, cell in enumerate(cells)]
    )
    manager = KernelManager()
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=command, display_name="test", language="python")
    client = nbclient.NotebookClient(book, km=manager, resources={"metadata": {"path": str(directory)}})
    try:
        client.execute(env=environment(directory))
    finally:
        manager.shutdown_kernel(now=True)
    return [cell["outputs"] for cell in book.cells]
