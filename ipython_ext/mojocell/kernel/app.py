"""The kernel itself: IPython's, which takes cells for Mojo."""

from __future__ import annotations

import importlib.metadata
import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

import mojocell
from mojocell import mojo_first
from mojocell.cells import lines
from mojocell.kernel import complete
from mojocell.kernel.python import PythonMagic

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = "%%mojo\n"


class _View(NamedTuple):
    """A cell as IPython's completer is to see it."""

    code: str
    position: int
    shift: int  # what to add to its positions for those of the cell


class MojoKernel(IPythonKernel):
    """IPython's kernel, in whose cells Mojo needs no magic and Python has one.

    What a cell is: `mojocell.mojo_first`. All that a cell of Mojo does is what ``%%mojo`` does.
    """

    implementation = "mojocell"
    implementation_version = mojocell.__version__

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.language_info = {
            "name": "mojo",
            "version": _mojo_version(),
            "mimetype": "text/x-mojo",
            "file_extension": ".mojo",
            "pygments_lexer": "mojo",
            # Where nobody has told the front end of Mojo, Python's colours are near.
            "codemirror_mode": {"name": "mojo", "mime": "text/x-python"},
        }
        self.help_links = [
            {"text": "Mojo Reference", "url": "https://docs.modular.com/mojo/manual/"},
            *self.help_links[:2],
        ]

    @property
    def banner(self) -> str:  # type: ignore[override]
        """What a console says first."""
        return (
            f"Mojocell {mojocell.__version__}: cells are Mojo; %python begins a line of Python, "
            "%%python a cell\n"
        )

    @property
    def kernel_info(self) -> dict[str, Any]:
        """What front ends are told: there is no debugger for Mojo."""
        told = dict(super().kernel_info)
        told["supported_features"] = [one for one in told["supported_features"] if one != "debugger"]
        return told

    def start(self) -> None:
        """Begin to take cells for Mojo: what start-up files and settings execute is Python."""
        shell: Any = self.shell
        shell.extension_manager.load_extension("mojocell")
        shell.register_magics(PythonMagic(shell=shell))
        shell.input_transformers_cleanup.insert(0, as_ipython)
        super().start()  # type: ignore[no-untyped-call]

    # --- what front ends ask about a cell ------------------------------------------------------

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        """Tell a console whether a cell is complete."""
        cell = mojo_first.read(code)
        source = code.partition("\n")[2] if code.startswith("%%mojo") else cell.mojo
        if source is None or (source != cell.mojo and not source.strip()):
            return await _awaited(super().do_is_complete(code))  # type: ignore[no-untyped-call]
        found = complete.state(source)
        reply: dict[str, Any] = {"status": found.status}
        if found.status == "incomplete":
            reply["indent"] = " " * found.indent
        return reply

    async def do_complete(self, code: str, cursor_pos: int | None) -> dict[str, Any]:
        """Complete a name: in Mojo as in a cell with ``%%mojo``, in Python as ever."""
        view = _seen(code, len(code) if cursor_pos is None else cursor_pos)
        reply = await _awaited(super().do_complete(view.code, view.position))  # type: ignore[no-untyped-call]
        reply["cursor_start"] += view.shift
        reply["cursor_end"] += view.shift
        for items in reply.get("metadata", {}).values():
            for item in items:
                item["start"] += view.shift
                item["end"] += view.shift
        return reply

    async def do_inspect(
        self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Describe a name: in Mojo as in a cell with ``%%mojo``, in Python as ever."""
        view = _seen(code, cursor_pos)
        said = super().do_inspect(view.code, view.position, detail_level, omit_sections)  # type: ignore[no-untyped-call]
        return await _awaited(said)


async def _awaited(reply: Any) -> dict[str, Any]:
    """Return a reply: some versions of ipykernel give it at once."""
    return dict(await reply if inspect.isawaitable(reply) else reply)


def _seen(code: str, position: int) -> _View:
    r"""Return a cell, or its line of Python, as IPython is to see it.

    Examples
    --------
    >>> _seen("print(", 6)
    _View(code='print(', position=6, shift=0)
    >>> _seen("%python os.p\nprint(1)", 12)
    _View(code='os.p', position=4, shift=8)
    """
    cell = mojo_first.read(code)
    if cell.mojo is not None and position >= cell.start:
        return _View(code, position, 0)  # whoever answers knows that it is Mojo
    if code.startswith("%%"):
        is_python = cell.ipython.startswith("#%python")
        return _View(f"#{code[1:]}" if is_python else code, position, 0)
    begin = code.rfind("\n", 0, position) + 1
    line = code[begin:].partition("\n")[0]
    python = mojo_first.without_magic(line)
    shift = min(begin + len(line) - len(python), position)
    return _View(python, position - shift, shift)


def as_ipython(text: list[str]) -> list[str]:
    r"""Return a cell as IPython executes it; for IPython's transformers.

    Parameters
    ----------
    text : list of str
        Its lines, with their ends.

    Raises
    ------
    SyntaxError
        A magic stands below Mojo.

    Examples
    --------
    >>> as_ipython(["print(1)\n"])
    ['%%mojo\n', 'print(1)\n']
    >>> as_ipython(["%python n = 3\n", "print(n)\n"])
    ['n = 3\n', "get_ipython().run_cell_magic('mojo', '', 'print(n)\\n')\n"]
    """
    cell = mojo_first.read("".join(text))
    if cell.mojo is None:
        return cell.ipython.splitlines(keepends=True)
    _refuse_magics(cell.mojo, "".join(text)[: cell.start].count("\n"))
    if not cell.ipython:
        return [_HEAD, *text]
    call = f"get_ipython().run_cell_magic('mojo', '', {cell.mojo!r})\n"
    return [*cell.ipython.splitlines(keepends=True), call]


def _refuse_magics(mojo: str, above: int) -> None:
    for line in lines.logical(mojo):
        if line.code[0] in "%!":
            shown = mojo.split("\n")[line.row - 1]
            msg = (
                "a line with % or ! stands above a cell's Mojo, not below it: "
                "put it at the top, or into a cell of its own"
            )
            raise SyntaxError(msg, ("cell", above + line.row, 1, shown))


def _mojo_version() -> str:
    try:
        return importlib.metadata.version("mojo")
    except importlib.metadata.PackageNotFoundError:
        return ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a kernel, as Jupyter starts one."""
    words = None if arguments is None else list(arguments)
    IPKernelApp.launch_instance(words, kernel_class=MojoKernel)
