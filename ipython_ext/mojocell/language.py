r"""Errors, names, help and layout of a cell without compiling it, by Mojo's own language server.

Lines and columns are the cell's, from 1; columns count characters.

Examples
--------
>>> from mojocell import language
>>> [found.message for found in language.check("print(1")]
["'(' is never closed"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import diagnostics
from mojocell.core import client, surroundings
from mojocell.core.request import Job
from mojocell.errors import from_code

if TYPE_CHECKING:
    from mojocell.diagnostics import Diagnostic

#: Seconds that are waited for an answer.
DEADLINE = 10.0


class Item(NamedTuple):
    """A name that fits.

    Attributes
    ----------
    label : str
        The name.
    kind : str
        ``"method"``, ``"function"``, ``"field"``, ``"variable"``, ``"struct"``, ``"trait"``, ``"module"``,
        ``"package"``, ``"keyword"`` or ``"alias"``.
    signature : str
        As the source has it; empty where nobody knows.
    """

    label: str
    kind: str
    signature: str = ""


class Help(NamedTuple):
    """What is known of a name.

    Attributes
    ----------
    signature : str
        As the source has it, or empty.
    markdown, text : str
        Signature and documentation, with marks and without.
    argument : int or None
        Of a call: how many arguments are before the cursor.
    """

    signature: str
    markdown: str
    text: str
    argument: int | None = None


class Checked(NamedTuple):
    """What is wrong with a cell.

    Attributes
    ----------
    diagnostics : tuple of Diagnostic
        What the language server said; a warning is also what a run would repair by itself.
    repaired : str or None
        The cell as repairs make it, where any are known.
    """

    diagnostics: tuple[Diagnostic, ...]
    repaired: str | None


def check(source: str, **given: Any) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a cell.

    Parameters
    ----------
    source : str
        The cell.
    **given
        ``flags``, ``using``, ``cwd`` and what else a compilation is given.

    Raises
    ------
    MojoError
        There was no answer, or none in time.
    """
    return checked(Job(source, **given)).diagnostics


def complete(source: str, line: int, column: int, **given: Any) -> list[Item]:
    """Return the names that fit at a place, those that begin as what is written there.

    Parameters
    ----------
    source : str
        The cell, as far as it is written.
    line, column : int
        Of the cursor.
    **given
        As for `check`.
    """
    return names(Job(source, **given), line, column)[0]


def hover(source: str, line: int, column: int, **given: Any) -> Help | None:
    """Return what is known of the name at a place; None where that is nothing.

    Parameters
    ----------
    source : str
        The cell.
    line, column : int
        Of the cursor.
    **given
        As for `check`.
    """
    return explained("hover", Job(source, **given), line, column)


def signature(source: str, line: int, column: int, **given: Any) -> Help | None:
    """Return what is known of what is called at a place; None where nothing is.

    Parameters
    ----------
    source : str
        The cell, as far as it is written.
    line, column : int
        Of the cursor, within the call's brackets.
    **given
        As for `check`.
    """
    return explained("signature", Job(source, **given), line, column)


def format(source: str, **given: Any) -> str:  # noqa: A001  (what it is)
    """Return a cell as Mojo's formatter, mblack, writes it.

    Parameters
    ----------
    source : str
        The cell, without a magic's line.
    **given
        As for `check`.

    Raises
    ------
    MojoError
        The formatter cannot read the cell, or is not installed.
    """
    return formatted(Job(source, **given))


# --- of a job: for who has one ---


def checked(job: Job, *, deadline: float = DEADLINE, **place: Any) -> Checked:
    """Return what is wrong with a job's source.

    Parameters
    ----------
    job : Job
        The source and what it is given.
    deadline : float
        Seconds to wait.
    **place
        ``line`` and ``column`` of the cursor, where it is being written: the names that fit there are looked
        for as well; ``quick``: only what needs no language server.
    """
    answer = _ask("check", job, deadline, _about(job) | {"modernize": job.modernize} | place)
    return Checked(diagnostics.from_wire(answer.get("diagnostics")), answer.get("source"))


def names(job: Job, line: int, column: int, *, deadline: float = DEADLINE) -> tuple[list[Item], str]:
    """Return the names that fit, and what of them is written."""
    answer = _ask("complete", job, deadline, _about(job) | {"line": line, "column": column})
    items = [Item(one["label"], one["kind"], one.get("signature", "")) for one in answer["items"]]
    return items, answer["prefix"]


def explained(op: str, job: Job, line: int, column: int, *, deadline: float = DEADLINE) -> Help | None:
    """Return what is known of the name there ("hover"), or of what is called there ("signature")."""
    found = _ask(op, job, deadline, _about(job) | {"line": line, "column": column}).get("help")
    if not found:
        return None
    return Help(found["signature"], found["markdown"], found["text"], found.get("argument"))


def formatted(job: Job, *, deadline: float = DEADLINE) -> str:
    """Return a job's source as the formatter writes it."""
    return str(_ask("format", job, deadline, {})["source"])


def _about(job: Job) -> dict[str, Any]:
    """Return what the answer depends on beside the source."""
    return {name: value for name in ("cell", "flags", "using", "inputs") if (value := getattr(job, name))}


def _ask(op: str, job: Job, deadline: float, fields: dict[str, Any]) -> dict[str, Any]:
    from mojocell._requests import REQUESTS

    frames: list[bytes] = []
    caller = surroundings.of_caller(job.cwd, job.env, job.toolchain, frames=frames)
    made: Any = REQUESTS[op]
    header = made(source=job.source, deadline=deadline, **fields, **caller).header()
    answer = client.request(header, frames)
    failure = answer.get("failure")
    if failure:
        raise from_code(failure["code"], failure["message"], failure.get("hint"))
    return answer
