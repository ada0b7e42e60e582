"""What was said of the cells that ran last, for JupyterLab's extension, which underlines it.

A front end opens a comm to the target ``mojocell.diagnostics`` with ``{"cell": id}``; the answer is one
message ``{"cell": id, "diagnostics": [...], "fix": ...}``, and the comm is closed. Each diagnostic has
``kind``, ``message``, ``line``, ``column``, ``end_line`` and ``end_column`` in the cell as the editor shows
it; ``fix`` is the whole cell as repairs make it, or null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mojocell.core.repairs import change
from mojocell.errors import _ProgramError

if TYPE_CHECKING:
    from mojocell.core.result import RunResult

TARGET = "mojocell.diagnostics"
#: Cells that are remembered.
KEPT = 500


class CellDiagnostics:
    """Remembers what was said of each cell.

    Examples
    --------
    >>> known = CellDiagnostics()
    >>> known.forget("a")
    >>> known.of("a")
    {'diagnostics': [], 'fix': None}
    """

    def __init__(self) -> None:
        self._cells: dict[str, dict[str, Any]] = {}

    def note(self, cell: str | None, result: RunResult, fix: str | None) -> None:
        """Remember what came of a cell, diagnostics of other files left out.

        Parameters
        ----------
        cell : str or None
            The front end's name for it; None: nobody will ask.
        result : RunResult
            Of its run.
        fix : str or None
            The cell as repairs make it, where any are known.
        """
        if cell is None:
            return
        found = [
            {
                "kind": item.kind,
                "message": item.message,
                "line": item.line,
                "column": item.column,
                "end_line": item.end_line,
                "end_column": item.end_column,
            }
            for item in result.diagnostics
            if item.line and not item.file
        ]
        error = result.error
        whole = {"column": None, "end_line": None, "end_column": None}
        if fix is not None:
            found += [
                {**whole, "kind": "note", "message": f"repair: {change(item)}", "line": item.line}
                for item in result.modernized
                if item.line
            ]
        if isinstance(error, _ProgramError) and error.line and not error.used:
            place = {**whole, "line": error.line, "column": error.column}
            found.append({"kind": "error", "message": error.message, **place})
        elif isinstance(error, _ProgramError) and error.call is not None:
            place = {**whole, "line": error.call.line, "column": error.call.column}
            found.append({"kind": "error", "message": f"{error.name}: {error.message}", **place})
        self.forget(cell)
        self._cells[cell] = {"diagnostics": found, "fix": fix}
        while len(self._cells) > KEPT:
            del self._cells[next(iter(self._cells))]

    def forget(self, cell: str | None) -> None:
        """Forget a cell, as before it runs again."""
        if cell is not None:
            self._cells.pop(cell, None)

    def of(self, cell: str) -> dict[str, Any]:
        """Return what is known of a cell."""
        return self._cells.get(cell, {"diagnostics": [], "fix": None})

    # --- for front ends ---

    def serve(self) -> None:
        """Answer front ends of this kernel."""
        from comm import get_comm_manager

        get_comm_manager().register_target(TARGET, self._answer)

    def _answer(self, comm: Any, message: dict[str, Any]) -> None:
        cell = str((message.get("content", {}).get("data") or {}).get("cell") or "")
        comm.send({"cell": cell, **self.of(cell)})
        comm.close()
