r"""The names of the package py_run_mojo, for notebooks that were written for it.

Another import is all that such a notebook needs::

    from mojocell.compat import mojo, run_mojo, clear_cache, cache_stats

One thing is different on purpose: what fails raises. There it printed a message and went on with
None, 0 or False, which a notebook took for a result.
"""

from __future__ import annotations

import os
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import mojocell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "cache_stats",
    "clear_cache",
    "get_mojo_version",
    "get_validation_hint",
    "mojo",
    "run_mojo",
    "validate_mojo_code",
]

_hints: dict[str, str] = {}


def mojo(func: Callable[..., Any]) -> Any:
    '''Let the Mojo program in a function's docstring do its work.

    Parameters
    ----------
    func : function
        ``{{name}}`` in its docstring stands for the parameter. Annotated with ``int``, ``float`` or ``bool``
        its result is that, with anything else the text that the program prints.

    Returns
    -------
    MojoProgram
        See `mojocell.mojo`.

    Raises
    ------
    MojoError
        There is no docstring; when it is called, whatever is wrong with the program.

    Examples
    --------
    >>> @mojo
    ... def double(n: int) -> int:
    ...     """
    ...     fn main():
    ...         print(2 * {{n}})
    ...     """
    >>> double(21)
    42
    '''
    if func.__annotations__.get("return") not in (int, float, bool, "int", "float", "bool"):
        func.__annotations__["return"] = str
    return mojocell.mojo(func)


def run_mojo(
    source: str,
    echo_code: bool = False,
    echo_output: bool = False,
    use_cache: bool = True,
    extra_args: Sequence[str] | None = None,
) -> str | None:
    r"""Run a Mojo program and return what it prints.

    Parameters
    ----------
    source : str
        The program, or the path of its file.
    echo_code, echo_output : bool
        Print the program before, its output after it ran.
    use_cache : bool
        Take the compiled program from the cache where it is there.
    extra_args : sequence of str, optional
        The program's arguments.

    Returns
    -------
    str or None
        The output without the space around it; None where there is none.

    Raises
    ------
    ValueError
        There is no source.
    MojoError
        The program does not compile, or fails.

    Examples
    --------
    >>> run_mojo('fn main():\n    print("Hello")')
    'Hello'
    """
    if not source.strip():
        msg = "the source is empty"
        raise ValueError(msg)
    if "\n" not in source and os.path.isfile(source):
        with open(source, encoding="utf-8") as file:
            code = file.read()
    else:
        code = dedent(source)
    if echo_code:
        print(code, "-" * 80, sep="\n")
    result = mojocell.run(code, mode="cached" if use_cache else "run", args=extra_args or ())
    if result.stderr:
        print(result.stderr, end="")
    if echo_output:
        print(f"### Output - {get_mojo_version()}:\n{result.stdout}", end="")
    return result.stdout.strip() if result.stdout else None


def clear_cache() -> None:
    """Remove every compiled program, and print how many there were.

    Examples
    --------
    >>> clear_cache()  # doctest: +ELLIPSIS
    Cache cleared: ... entries, ... MB
    """
    removed = mojocell.clear_cache()
    print(f"Cache cleared: {removed['entries']} entries, {removed['bytes'] / 1e6:.2f} MB")


def cache_stats() -> None:
    """Print where the cache is and what it holds.

    Examples
    --------
    >>> cache_stats()  # doctest: +ELLIPSIS
    Cache directory: ...
    Cached binaries: ...
    Total size: ... MB
    """
    counters = mojocell.cache.stats()
    print(f"Cache directory: {mojocell.info().get('cache_dir')}")
    print(f"Cached binaries: {counters['entries']}")
    print(f"Total size: {counters['bytes'] / 1e6:.2f} MB")


def get_mojo_version() -> str:
    """Return the version of the compiler, as it says it itself.

    Raises
    ------
    ToolchainNotFound
        There is no compiler.

    Examples
    --------
    >>> get_mojo_version().startswith("Mojo ")
    True
    """
    toolchain = mojocell.info().get("toolchain") or {}
    if "version_line" not in toolchain:
        msg = "no Mojo compiler was found"
        raise mojocell.ToolchainNotFound(msg, hint="pip install mojo")
    return str(toolchain["version_line"])


def validate_mojo_code(code: str) -> tuple[bool, str | None]:
    r"""Ask the compiler whether it takes a source; nothing runs.

    Parameters
    ----------
    code : str
        A program or definitions.

    Returns
    -------
    valid : bool
        Whether it compiles.
    message : str or None
        The first error, with its line.

    Examples
    --------
    >>> validate_mojo_code("fn main():\n    print(nothing)")
    (False, "Line 2: use of unknown declaration 'nothing'")
    """
    if not code.strip():
        return False, "Empty code provided"
    try:
        mojocell.compile(dedent(code), exports=())
    except mojocell.MojoCompileError as error:
        first = next((item for item in error.diagnostics if item.kind == "error"), None)
        message = f"Line {first.line}: {first.message}" if first else error.message
        _hints[message] = (first.hint if first else None) or error.hint or ""
        return False, message
    return True, None


def get_validation_hint(error_msg: str) -> str:
    """Return what helps against an error that `validate_mojo_code` told, or nothing.

    Examples
    --------
    >>> get_validation_hint("of something else")
    ''
    """
    return _hints.get(error_msg, "")
