"""A cell of Mojo while somebody writes it: what is wrong, which names fit, what a name is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from IPython.core.error import UsageError

from mojocell import options
from mojocell.cells.job import job_of
from mojocell.diagnostics import Diagnostic
from mojocell.errors import MojoError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from mojocell import language
    from mojocell.cells.reading import Reader, Text
    from mojocell.cells.session import Session
    from mojocell.core.request import Job

#: Seconds that a kernel is kept waiting for: nobody waits longer for a list.
PATIENCE = 2.0
_WORD = re.compile(r"\S*$")
_NAME = re.compile(r"[^\W\d]\w*$")


class Names(NamedTuple):
    """Names that fit, and what of them is written."""

    items: list[language.Item]
    prefix: str


class Writing:
    """What is known of cells that are being written in a shell.

    Parameters
    ----------
    session : Session
        What its cells define.
    reader : Reader
        How they are read.
    parse : callable
        Reads what stands on the magic's line; `UsageError` says what is wrong with it.
    """

    def __init__(
        self, session: Session, reader: Reader, parse: Callable[[str], tuple[argparse.Namespace, list[str]]]
    ) -> None:
        self._session = session
        self._reader = reader
        self._parse = parse

    def is_mojo(self, cell_text: str, line: int) -> bool:
        """Tell whether a line of a cell is one of Mojo, or of its magic."""
        text = self._reader.text(cell_text)
        return text is not None and (line == text.row or line > text.above)

    def _job(self, text: Text, cell: str | None, used: str | None = None) -> Job:
        """Return what would be asked for if the cell ran now; `used`: its text as far as it uses others."""
        opts, args = self._parse(text.line)
        self._reader.take(text.body, opts, args, self._session.names())
        known = cell or opts.name
        using = [] if opts.alone else self._session.using(known, text.source if used is None else used)
        names = self._reader.names
        try:
            return job_of(text.source, opts, args, names, cell=known, using=using)[0]
        except (options.OptionError, TypeError) as error:
            raise UsageError(str(error)) from None

    # --- what is wrong ---

    def check(self, cell_text: str, cell: str | None, **place: Any) -> dict[str, Any]:
        """Return what is wrong with a cell, as `CellDiagnostics` has it.

        Parameters
        ----------
        cell_text : str
            The cell as the editor shows it.
        cell : str or None
            The front end's name for it.
        **place
            As for `language.checked`.
        """
        from mojocell import language

        text = self._reader.text(cell_text)
        if text is None:
            return {"diagnostics": [], "fix": None}
        try:
            job = self._job(text, cell)
        except UsageError as error:
            found = [_at_magic(text, str(error))]
            return {"diagnostics": [_shown(item, text) for item in found], "fix": None}
        told = language.checked(job, **place)
        fix = None if told.repaired is None else text.head + told.repaired.lstrip("\n")
        return {"diagnostics": [_shown(item, text) for item in told.diagnostics], "fix": fix}

    # --- names and help ---

    def names(self, cell_text: str, line: int, column: int) -> Names | None:
        """Return the names that fit at a place; None for a cell of another language."""
        from mojocell import language

        text = self._reader.text(cell_text)
        if text is None or not self.is_mojo(cell_text, line):
            return None
        if line == text.row:
            return self._options(cell_text.split("\n")[line - 1][: column - 1])
        before, after = _halves(text.source, line, column)
        word = _NAME.search(before)
        try:
            # The word is not used yet, and so what the language server has read stays as it is.
            job = self._job(text, None, before[: word.start()] + after if word else None)
            found, prefix = language.names(job, line, column, deadline=PATIENCE)
        except (MojoError, UsageError):
            return Names([], "")
        if prefix and not before.endswith("." + prefix):
            around = (before[: -len(prefix)], after)
            found = [*self._carried(prefix, found), *self._taken(prefix, around), *found]
        return Names(found, prefix)

    def _carried(self, prefix: str, found: list[language.Item]) -> list[language.Item]:
        """Return what other cells define and the language server has not been told of."""
        from mojocell import language

        known = {item.label for item in found}
        return [
            language.Item(name, "function")
            for name in self._session.names()
            if name.startswith(prefix) and name not in known
        ]

    def _taken(self, prefix: str, around: tuple[str, str]) -> list[language.Item]:
        """Return Python's variables that the cell would take by name, were they written there."""
        from mojocell import language

        return [
            language.Item(name, "variable")
            for name in self._reader.names
            if name.startswith(prefix)
            and name in self._reader.taken(name.join(around), self._session.names())
        ]

    def takes(self, cell_text: str, name: str) -> bool:
        """Tell whether a name of a cell is a variable that it takes of Python's."""
        text = self._reader.text(cell_text)
        return text is not None and name in self._reader.taken(text.body, self._session.names())

    def _options(self, before: str) -> Names:
        """Return what can stand on the magic's line behind what is there."""
        from mojocell import language

        word = _WORD.search(before)
        prefix = word[0] if word else ""
        words = before.split()
        last = words[-1] if words and not prefix else words[-2] if len(words) > 1 else ""
        if "--" in words[: -1 if prefix else None]:
            return Names([], prefix)
        found = options.values_of(last)
        if found is None:
            found = (
                [name for name in self._reader.names if not name.startswith("_")]
                if last in ("-i", "--in", "--stdin")
                else options.words_of(options.CELL)
            )
        return Names([language.Item(one, "keyword") for one in found if one.startswith(prefix)], prefix)

    def help(self, cell_text: str, line: int, column: int) -> language.Help | None:
        """Return what is known of the name at a place, or else of what is called there."""
        from mojocell import language

        text = self._reader.text(cell_text)
        if text is None or line <= text.above or line == text.row:
            return None
        try:
            job = self._job(text, None)
            return language.explained("hover", job, line, column, deadline=PATIENCE) or language.explained(
                "signature", job, line, column, deadline=PATIENCE
            )
        except (MojoError, UsageError):
            return None

    # --- layout ---

    def formatted(self, cell_text: str) -> str:
        """Return a cell with its Mojo as the formatter writes it.

        Raises
        ------
        MojoError
            It cannot be formatted.
        UsageError
            It is no cell of Mojo.
        """
        from mojocell import language

        text = self._reader.text(cell_text)
        if text is None:
            msg = "this is no cell of Mojo"
            raise UsageError(msg)
        made = language.format(text.body)
        # A cell ends without an empty line, as editors have it.
        return text.head + (made if text.body.endswith("\n") else made.rstrip("\n"))


def _halves(source: str, line: int, column: int) -> tuple[str, str]:
    """Return what is before a place and what is behind it."""
    lines = source.split("\n")
    before = "\n".join([*lines[: line - 1], lines[line - 1][: column - 1]])
    return before, source[len(before) :]


def _at_magic(text: Text, message: str) -> Diagnostic:
    head = text.head.split("\n")[text.row - 1]
    wrong = re.search(r"(?<!\S)(-[\w-]+)", message)
    at = head.find(wrong[1]) + 1 if wrong else 0
    end = at + len(wrong[1]) if wrong and at else len(head) + 1
    return Diagnostic("error", message, text.row, at or 1, text.row, end)


def _shown(item: Diagnostic, text: Text) -> dict[str, Any]:
    """Return a diagnostic for a front end; one without a place is at the magic's line."""
    hint = f" ({item.hint})" if item.hint and item.line is None else ""
    return {
        "kind": item.kind,
        "message": item.message + hint,
        "line": item.line or text.row or text.above + 1,
        "column": item.column,
        "end_line": item.end_line,
        "end_column": item.end_column,
    }
