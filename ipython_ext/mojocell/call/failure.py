"""The exception for a call that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mojocell import errors, hosts
from mojocell.errors import _ProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mojocell.core.result import RunResult


class Compiled(Protocol):
    """What is asked of the unit that a function is of."""

    source: str
    name: str
    result: RunResult
    entries: dict[str, Any]
    environment: dict[str, str] | None


_DAMAGED = (
    "the crash was outside of Mojo's own code and may have damaged this process: its functions run "
    "isolated from now on; restart it when you can"
)


def failure(unit: Compiled, name: str, kind: str, details: Mapping[str, Any]) -> BaseException:
    """Return the exception for a call that failed; the C extension raises it.

    Parameters
    ----------
    unit : Unit
        The source of the function.
    name : str
        The function.
    kind : str
        ``"raised"``, ``"crashed"``, ``"exited"``, ``"limit"``, ``"timeout"``, ``"return"``, ``"stale"``,
        or a code of the daemon.
    details : mapping
        ``message``; of a crash ``signal``, ``stack_overflow``, ``damaged``, ``line``, ``column``,
        ``module``, ``library``, ``inside``, ``frames``; of a limit ``limit``.

    Returns
    -------
    MojoError
        Of the class that says it.
    """
    from mojocell.core import crash

    text = str(details.get("message") or "")
    if kind == "raised":
        text = crash.in_cell(text, unit.result)
    if kind == "stale":
        text = f"{name} is stale: {text}"
    if kind == "return":
        error: errors.MojoError = errors.MojoReturnError(text)
    else:
        error = errors.from_code(kind, text or kind, details.get("hint"))
    error.function = name
    if isinstance(error, _ProgramError):
        error.source, error.name = unit.source, unit.name
    if isinstance(error, errors.MojoCrash):
        _describe_crash(error, unit, details)
    if isinstance(error, errors.MojoLimit):
        error.limit = details.get("limit")
    from mojocell.core import python_inside

    error.hint = python_inside.hint(error.message, unit.environment) or error.hint
    return hosts.current().present(error)


def _describe_crash(error: errors.MojoCrash, unit: Compiled, details: Mapping[str, Any]) -> None:
    from mojocell.core import crash, used

    error.signal = details.get("signal") or None
    text = str(details.get("message") or "")
    if details.get("stack_overflow"):
        error.message, error.hint = "stack overflow", "look for a recursion that does not end"
    elif details.get("line"):
        error.line, error.column = int(details["line"]), int(details.get("column") or 0) or None
        if details.get("module"):
            used.put(error, unit.result, str(details["module"]))
    elif details.get("library"):
        error.library = str(details["library"])
    elif text:
        crash.read_words(error, unit.result, text)
    else:
        error.message = f"{error.function} was ended by {errors.signal_name(error.signal) or 'a crash'}"
    if not details.get("stack_overflow"):
        crash.trace(error, unit.result, details)
        if error.line is None and details.get("frames") and error.function in unit.entries:
            error.inside = error.inside or error.function
    error.args = (error.message,)
    if details.get("damaged"):
        error.hint = f"{error.hint}; {_DAMAGED}" if error.hint else _DAMAGED
