"""A cell's text as its editor has it: where its Mojo begins, and what it may have of Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import mojo_first

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

_BLANK = r"(?:[ \t]*\n)*"
#: Magics that run the cell below them.
_AROUND = re.compile(rf"(?:{_BLANK}%%(?:time|capture|timeit|prun)(?![\w.])[^\n]*\n)*")
_MAGIC = re.compile(rf"(?P<above>{_BLANK})%%mojo(?![\w.?])(?P<line>[^\n]*)(?:\n|\Z)")


class Text(NamedTuple):
    r"""A cell of Mojo as an editor has it.

    Attributes
    ----------
    head : str
        What is above the Mojo: the magic's line, other magics.
    line : str
        What stands on the magic's line behind its name.
    row : int
        Which line of the cell that is, from 1; 0: it has none.
    body : str
        The Mojo.

    Examples
    --------
    >>> Text.of("\n%%mojo -O1\nprint(1)")
    Text(head='\n%%mojo -O1\n', line=' -O1', row=2, body='print(1)')
    >>> Text.of("%python n = 3\nprint(n)", plain=True)
    Text(head='%python n = 3\n', line='', row=0, body='print(n)')
    >>> Text.of("print(1)"), Text.of("%%python\nprint(1)", plain=True)
    (None, None)
    """

    head: str
    line: str
    row: int
    body: str

    @classmethod
    def of(cls, cell: str, *, plain: bool = False) -> Text | None:
        """Read a cell; None for one of another language.

        Parameters
        ----------
        cell : str
            As its editor shows it.
        plain : bool
            Whether Mojo needs no magic.
        """
        around = _AROUND.match(cell)
        start = around.end() if around else 0
        magic = _MAGIC.match(cell, start)
        if magic is not None:
            row = cell.count("\n", 0, magic.end("above")) + 1
            return cls(cell[: magic.end()], magic["line"], row, cell[magic.end() :])
        read = mojo_first.read(cell[start:]) if plain else None
        if read is None or read.mojo is None:
            return None
        start += read.start
        return cls(cell[:start], "", 0, cell[start:])

    @property
    def above(self) -> int:
        """How many lines of the cell are no Mojo."""
        return self.head.count("\n")

    @property
    def source(self) -> str:
        """The Mojo, at the lines that it has in the cell."""
        return "\n" * self.above + self.body


class Reader:
    """How the cells of a notebook are read.

    Parameters
    ----------
    shell : InteractiveShell or None
        Where they run; None: nothing of Python is there.
    plain : bool
        Whether Mojo needs no magic, and takes Python's variables by name.
    """

    def __init__(self, shell: Any = None, *, plain: bool = False) -> None:
        self._ip = shell
        self.plain = plain

    def text(self, cell: str) -> Text | None:
        """Read a cell; None for one of another language."""
        return Text.of(cell, plain=self.plain)

    @property
    def names(self) -> Mapping[str, Any]:
        """The variables of Python's."""
        return {} if self._ip is None else self._ip.user_ns

    def expand(self, line: str) -> str | None:
        """Return a magic's line as IPython hands it on; None where that cannot be known."""
        return None if self._ip is None else _expanded(self._ip, line)

    def taken(self, body: str, known: Iterable[str]) -> list[str]:
        """Return the variables that a cell takes by name.

        Parameters
        ----------
        body : str
            The cell's Mojo.
        known : iterable of str
            Names that cells of Mojo define.
        """
        if not self.plain or self._ip is None:
            return []
        from mojocell.cells.taken import taken

        return taken(body, self.names, hidden=self._ip.user_ns_hidden, known=known)

    def take(
        self, body: str, opts: argparse.Namespace, args: Sequence[str], known: Iterable[str] = ()
    ) -> None:
        """Let a cell have Python's variables by name, where cells do: as inputs beside those of ``-i``.

        Parameters
        ----------
        body : str
            The cell's Mojo.
        opts, args : Namespace, sequence of str
            What stood on the magic's line; ``opts`` is changed.
        known : iterable of str
            Names that cells of Mojo define.
        """
        if not self.plain or args or opts.alone or opts.stdin or opts.no_run:
            return
        from mojocell.call.inputs import mojo_type

        new = [name for name in self.taken(body, known) if name not in opts.inputs]
        opts.inputs = [*opts.inputs, *new]
        opts.taken = [f"{name}: {mojo_type(name, self.names[name])}" for name in new]


def _expanded(_shell: Any, _line: str) -> str:
    """Let IPython put variables into a line: the caller's too, and here none has a name of a notebook's."""
    return str(_shell.var_expand(_line))
