r"""Executes the blocks of a documentation page from top to bottom, as a reader would: ``python pages.py PAGE [EXTRA]``.

With an EXTRA of the package, ``mojo``, ``jupyter`` or ``marimo``, only what is meant for those who have installed that: see
`extra_of`.

What a fence says decides:

``python``
    Executed as a notebook executes a cell: the value of a last expression is shown, an exception as its type and message.
    A page that has a magic somewhere is executed by a Jupyter kernel; one whose first lines say ``kernel: mojo`` by that
    of Mojo, where a cell of Python begins with its magic and one of Mojo needs none.
``mojo``
    A cell, which begins with ``%%mojo``.
``console``
    Lines after ``$`` are commands of a shell, which must succeed; where lines follow one, that is what it prints.
    ``# exits with N`` behind a command is a status other than 0.
``text``
    What the block right before it prints. A cell without one must print nothing and raise nothing.
a title that is the name of a file
    That file, in the directory where the page is executed.
a title that begins with ``Not run``
    For the reader alone: what needs a network, another program or a person. ``Not run without max`` is executed where
    ``MOJOCELL_TEST_MAX`` says that Modular's max is there.

``...`` stands for any text in what is printed.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>[\w-]*)(?P<more>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```[ ]*$",
    re.DOTALL | re.MULTILINE,
)
TITLE = re.compile(r'title="([^"]+)"')
FILE = re.compile(r"[\w-]*[./][\w./-]+")
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
MAGIC = re.compile(r"^%", re.MULTILINE)
COMMAND = re.compile(r"\$ (?P<command>.*?)(?: +# exits with (?P<status>\d+))?")
#: Kinds that are executed, and those that only show something: a picture, a format, what is printed.
CELLS = frozenset({"python", "mojo"})
EXECUTED = CELLS | {"console"}
SHOWN = frozenset({"", "c", "json", "text", "toml", "yaml"})
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Block:
    """A block of a page: where it stands, what it is, its source, and what it prints."""

    line: int
    kind: str
    source: str
    output: str = ""
    title: str = ""
    #: What stands between the fence before and this one.
    before: str = ""
    #: The heading of the second level that it stands below.
    section: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is the content of a file of that name."""
        return FILE.fullmatch(self.title) is not None

    @property
    def for_readers(self) -> bool:
        """Whether it says that it is not executed."""
        return self.title.startswith("Not run")

    @property
    def executed(self) -> bool:
        """Whether it is a cell or commands."""
        with_max = self.title == "Not run without max" and "MOJOCELL_TEST_MAX" in os.environ
        return self.kind in EXECUTED and not self.is_file and (with_max or not self.for_readers)


def fences(page: Path) -> list[Block]:
    """Return all blocks of a page."""
    text = page.read_text()
    found: list[Block] = []
    end, section = 0, ""
    for match in FENCE.finditer(text):
        titled = TITLE.search(match["more"])
        indent = len(match["indent"])
        body = "".join(line[indent:] or "\n" for line in match["body"].splitlines(keepends=True))
        line = text.count("\n", 0, match.start()) + 2
        before = text[end : match.start()]
        section = (HEADING.findall(before) or [section])[-1]
        title = titled[1] if titled else ""
        found.append(Block(line, match["kind"], body, title=title, before=before.strip(), section=section))
        end = match.end()
    return found


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that are executed, each with what it prints."""
    found: list[Block] = []
    previous: Block | None = None
    for block in fences(page):
        follows = block.kind == "text" and not (block.title or block.before)
        if follows and previous is not None and previous.executed:
            previous.output = block.source
        elif block.executed:
            found.append(block)
        previous = block
    return found


def extra_of(block: Block, page: list[Block]) -> str:
    """Return the extra that a block is meant for: ``mojo`` is enough for what is neither of the others.

    Cells are a notebook's where their section has a magic, files and commands marimo's where a file of their section
    imports it.
    """
    section = [one for one in page if one.section == block.section]
    if block.kind in CELLS and not block.is_file:
        return "jupyter" if any(one.executed and MAGIC.search(one.source) for one in section) else "mojo"
    return "marimo" if any(one.is_file and "import marimo" in one.source for one in section) else "mojo"


def is_of_mojo(page: Path) -> bool:
    """Whether the page is about the kernel whose cells are Mojo."""
    return page.read_text().startswith("---\nkernel: mojo\n")


def complaints(page: Path) -> list[str]:
    """Return a text for each block of which a reader cannot tell whether it works as it stands."""
    told = []
    for block in fences(page):
        place = f"{page.name}:{block.line}"
        if block.title and not (block.is_file or block.for_readers):
            told.append(f"{place}: the title {block.title!r} is neither a file nor begins with 'Not run'")
        elif not (block.title or block.executed or block.kind in SHOWN):
            told.append(f"{place}: a block of {block.kind!r} needs a title, a file's or 'Not run …'")
        elif (
            block.executed
            and block.kind == "mojo"
            and not (block.source.startswith("%%mojo") or is_of_mojo(page))
        ):
            told.append(f"{place}: a block of Mojo without a title is a cell and begins with %%mojo")
    return told


def execute(block: Block, name: str, namespace: dict[str, object]) -> str:
    """Execute a cell in this process and return what it prints."""
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


class Here:
    """Executes cells in this process: what needs no notebook."""

    def __init__(self, page: Path) -> None:
        self._page = page
        self._namespace: dict[str, object] = {"__name__": "__main__"}

    def cell(self, block: Block) -> str:
        """Execute a cell and return what it prints."""
        return execute(block, str(self._page), self._namespace)


class Kernel:
    """Executes cells in a Jupyter kernel, as nbclient does: what has magics."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def cell(self, block: Block) -> str:
        """Execute a cell and return what it prints."""
        from nbformat.v4 import new_code_cell

        cell = new_code_cell(block.source.rstrip("\n"))
        self._client.nb.cells.append(cell)
        self._client.execute_cell(cell, len(self._client.nb.cells) - 1)
        return "".join(_said(output) for output in cell.outputs)


def _said(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        # An error whose message begins with its own name has it once.
        value = ANSI.sub("", output.evalue)
        return f"{output.ename}: {value.removeprefix(output.ename + ': ')}".rstrip() + "\n"
    return str(output.data.get("text/plain", "")).rstrip("\n") + "\n"


@contextlib.contextmanager
def executor(page: Path, todo: list[Block]) -> Iterator[Here | Kernel]:
    """Give what executes these cells of a page."""
    if not any(block.kind in CELLS and MAGIC.search(block.source) for block in todo):
        yield Here(page)
        return
    from nbclient import NotebookClient
    from nbformat.v4 import new_notebook

    name = "python3"
    if is_of_mojo(page):
        from mojocell.kernel import install

        name = install.NAME
        install.install(name, install.DISPLAY_NAME, prefix="jupyter")
        os.environ["JUPYTER_PATH"] = str(Path("jupyter/share/jupyter").resolve())
    client = NotebookClient(new_notebook(), timeout=120, allow_errors=True, kernel_name=name)
    with client.setup_kernel(cwd=str(Path.cwd())):
        yield Kernel(client)


def commands(block: Block) -> list[tuple[str, int, str]]:
    """Return the commands of a console, each with its status and what it prints."""
    found: list[tuple[str, int, str]] = []
    for line in block.source.splitlines(keepends=True):
        entered = COMMAND.fullmatch(line.rstrip("\n"))
        if entered:
            found.append((entered["command"], int(entered["status"] or 0), ""))
        elif found:
            command, status, output = found[-1]
            if line.startswith("> "):
                command += "\n" + line[2:].rstrip("\n")
            else:
                output += line
            found[-1] = (command, status, output)
    return found


def enter(block: Block, checker: doctest.OutputChecker) -> str:
    """Enter the commands of a console in a shell; return what is not as the page says."""
    # Programs of the environment that the tests run in come first, as in one that is activated.
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ.get('PATH', '')}"
    for command, status, output in commands(block):
        done = subprocess.run(
            ["bash", "-c", command],
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=200,
            check=False,
        )
        if done.returncode != status:
            return f"$ {command}\nexits with {done.returncode}:\n{done.stdout}"
        if output and not checker.check_output(output, done.stdout, doctest.ELLIPSIS):
            return f"$ {command}\nprints\n{done.stdout}"
    return ""


def differences(page: Path, extra: str = "") -> list[str]:
    """Return a text for each block, of those for an extra, that prints something else than the page says."""
    page = page.resolve()
    checker = doctest.OutputChecker()
    found = []
    every = fences(page)
    todo = [block for block in blocks(page) if not extra or extra_of(block, every) in {"mojo", extra}]
    for block in every:
        if block.is_file:
            Path(block.title).parent.mkdir(parents=True, exist_ok=True)
            Path(block.title).write_text(block.source)
    with executor(page, todo) as notebook:
        for block in todo:
            place = f"{page.name}:{block.line}: the page says\n{block.output}but"
            if block.kind == "console":
                told = enter(block, checker)
                found += [f"{place} {told}"] if told else []
                continue
            got = notebook.cell(block)
            if not checker.check_output(block.output, got, doctest.ELLIPSIS):
                found.append(f"{place} it is\n{got}")
    return found


if __name__ == "__main__":
    told = complaints(Path(sys.argv[1])) + differences(Path(sys.argv[1]), *sys.argv[2:])
    print("\n".join(told))
    sys.exit(1 if told else 0)
