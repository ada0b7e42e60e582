"""Runs the Python blocks of a documentation page, top to bottom in one namespace: ``python pages.py PAGE``.

A block fenced as ``python`` is executed as a notebook executes a cell: the value of a last expression is shown, an
exception as its type and message. Where a block fenced as ``text`` comes right after it, that is what it must print; a
block without one must print nothing and raise nothing. ``...`` stands for any text.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import re
import sys
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"^```python\n(?P<source>.*?)^```\n(?:\n*^```text\n(?P<output>.*?)^```\n)?", re.DOTALL | re.MULTILINE
)


@dataclass
class Block:
    """A block of a page: where it stands, its source, and what it prints."""

    line: int
    source: str
    output: str


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that are executed."""
    text = page.read_text()
    return [
        Block(text.count("\n", 0, found.start()) + 2, found["source"], found["output"] or "")
        for found in BLOCK.finditer(text)
    ]


def execute(block: Block, name: str, namespace: dict[str, object]) -> str:
    """Execute a block and return what it prints."""
    tree = ast.parse(block.source, name)
    ast.increment_lineno(tree, block.line - 1)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            exec(compile(tree, name, "exec"), namespace)  # noqa: S102
            if last:
                exec(compile(ast.Interactive([last]), name, "single"), namespace)  # noqa: S102
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
            print(f"{type(error).__name__}: {error}".rstrip())
    return printed.getvalue()


def differences(page: Path) -> list[str]:
    """Return a text for each block that prints something else than the page says."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    checker = doctest.OutputChecker()
    found = []
    for block in blocks(page):
        got = execute(block, str(page), namespace)
        if not checker.check_output(block.output, got, doctest.ELLIPSIS):
            found.append(f"{page.name}:{block.line}: the page says\n{block.output}but it is\n{got}")
    return found


if __name__ == "__main__":
    told = differences(Path(sys.argv[1]))
    print("\n".join(told))
    sys.exit(1 if told else 0)
