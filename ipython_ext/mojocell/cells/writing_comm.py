"""What JupyterLab's extension asks about a cell while it is typed.

A front end opens a comm to the target ``mojocell.writing`` and sends ``{"op": "check", "number": n,
"cell": id, "text": …, "line": l, "column": c, "quick": bool}``, or ``op`` ``format``. The answer has
the same ``number``:
``{"diagnostics": [...], "fix": ...}`` as for what ran, or ``{"text": …}``; or ``{"error": …}``. Of texts of a
cell that wait the newest is looked at alone; the others have no answer.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from mojocell.errors import MojoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mojocell.cells.writing import Writing

TARGET = "mojocell.writing"


class WritingComm:
    """Answers such questions beside what the kernel does.

    Parameters
    ----------
    writing : Writing
        Who knows.
    """

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._newest: dict[Any, int] = {}
        self._questions: queue.SimpleQueue[tuple[Any, dict[str, Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def serve(self) -> Callable[[], None]:
        """Answer front ends of this kernel; return what ends that."""
        from comm import get_comm_manager

        get_comm_manager().register_target(TARGET, self._opened)

        def end() -> None:
            get_comm_manager().unregister_target(TARGET, self._opened)
            self._questions.put(None)

        return end

    def _opened(self, comm: Any, _message: dict[str, Any]) -> None:
        comm.on_msg(lambda message: self._asked(comm, message["content"]["data"]))

    def _asked(self, comm: Any, asked: dict[str, Any]) -> None:
        if asked.get("quick"):
            comm.send(self._answer(asked))
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="mojocell-writing", daemon=True)
            self._thread.start()
        self._newest[self._key(asked)] = asked["number"]
        self._questions.put((comm, asked))

    @staticmethod
    def _key(asked: dict[str, Any]) -> tuple[Any, Any]:
        return asked.get("cell"), asked.get("op")

    def _work(self) -> None:
        while (question := self._questions.get()) is not None:
            comm, asked = question
            if self._newest.get(self._key(asked)) == asked["number"]:
                comm.send(self._answer(asked))

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            found = self._found(asked)
        except (MojoError, UsageError) as error:
            found = {"error": str(error)}
        return {"number": asked["number"], "op": asked["op"], **found}

    def _found(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["op"] == "format":
            return {"text": self._writing.formatted(asked["text"])}
        place = {name: asked[name] for name in ("line", "column") if name in asked}
        return self._writing.check(asked["text"], asked.get("cell"), quick=bool(asked.get("quick")), **place)
