"""Execute notebooks/tour.ipynb on a real kernel and print a table of what each cell did and what it cost.

The cache starts empty, so that each cell is really compiled. The executed notebook is kept in build/.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TOUR = ROOT / "notebooks" / "tour.ipynb"
EXECUTED = ROOT / "build" / "tour" / "tour.ipynb"


def heading(source: str) -> str | None:
    """Return the heading that a Markdown cell starts with."""
    first = source.lstrip().split("\n", 1)[0]
    return first.lstrip("# ") if first.startswith("#") else None


def outcome(cell: Any) -> str:
    """Return the status line below a cell, or the error that it ended with."""
    lines = [
        output.data["text/plain"].split("\n", 1)[0]
        for output in cell.outputs
        if output.output_type == "display_data" and 'class="mojocell"' in output.data.get("text/html", "")
    ]
    errors = [output.ename for output in cell.outputs if output.output_type == "error"]
    return " · ".join([*errors, *lines[-1:]]) or "done"


def said(cell: Any) -> str:
    """Return the last line that a cell printed."""
    text = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout")
    return text.rstrip().rsplit("\n", 1)[-1]


def table(rows: list[tuple[str, ...]]) -> str:
    """Return rows with their columns aligned; the first one is the heading."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def execute() -> Any:
    """Return the tour, executed."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(TOUR, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(TOUR.parent)}},
    ).execute()
    EXECUTED.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, EXECUTED)  # type: ignore[no-untyped-call]
    return notebook


def rows(notebook: Any) -> list[tuple[str, ...]]:
    """Return a row for each cell of Mojo or with something to show, with the heading that it stands below."""
    found: list[tuple[str, ...]] = [("section", "what it came to", "printed last")]
    section = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            section = heading(cell.source) or section
        elif cell.source.startswith("%%mojo") or outcome(cell) != "done" or said(cell):
            found.append((section, outcome(cell), said(cell)[:50]))
    return found


def main() -> int:
    """Execute the tour and print its table."""
    from nbclient.exceptions import CellExecutionError

    place = Path(tempfile.mkdtemp(prefix="mojocell-tour-"))
    os.environ.update(
        MOJOCELL_CACHE_DIR=str(place / "cache"),
        MOJOCELL_RUNTIME_DIR=str(place / "run"),
        MOJOCELL_STATUS="always",
    )
    print(f"executing {TOUR.relative_to(ROOT)} with real compilation …", flush=True)
    start = time.monotonic()
    try:
        notebook = execute()
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        stop_daemon()
        shutil.rmtree(place, ignore_errors=True)
    print(table(rows(notebook)))
    print(f"\n{time.monotonic() - start:.0f} s; the executed notebook: {EXECUTED.relative_to(ROOT)}")
    print("Open the tour in JupyterLab:  .venv/bin/jupyter lab notebooks/tour.ipynb")
    print("Sliders on Mojo in marimo:    ./dev marimo")
    return 0


def stop_daemon() -> None:
    """End the daemon of this tour."""
    from mojocell import MojoError
    from mojocell.core import client

    try:
        client.request({"op": "shutdown", "now": True}, timeout=10)
    except MojoError as error:
        print(f"the daemon could not be stopped: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
