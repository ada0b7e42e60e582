"""The options of ``%%mojo``, ``%mojo_run`` and ``mojocell run``: one table, one way to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mojocell.show.words import nearest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import BinaryIO

Option = tuple[tuple[str, ...], dict[str, Any]]


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def _megabytes(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise ValueError
    return value


def count(text: str) -> int:
    """Return a number above 0."""
    return _megabytes(text)


def _level(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 3:
        raise ValueError
    return value


def _debug_level(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 2:
        raise ValueError
    return value


def _name(text: str) -> str:
    from keyword import iskeyword

    if not text.isidentifier() or iskeyword(text):
        raise ValueError
    return text


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(name.isidentifier() for name in names):
        raise ValueError
    return names


def _path(text: str) -> str:
    import os

    return os.path.expandvars(os.path.expanduser(text))


def _define(text: str) -> str:
    if not text.partition("=")[0].strip():
        raise ValueError
    return text


# argparse names the type in its messages: "invalid number of seconds value: 'x'".
_seconds.__name__ = "number of seconds"
_megabytes.__name__ = "number of MB"
_path.__name__ = "path"
count.__name__ = "number"
_level.__name__ = "level (0 to 3)"
_debug_level.__name__ = "level (0 to 2)"
_name.__name__ = "Python name"
_names.__name__ = "list of names (F,G)"
_define.__name__ = "NAME=VALUE"

COMPILE: tuple[Option, ...] = (
    (
        ("-O",),
        {"dest": "level", "metavar": "N", "type": _level, "help": "optimize at level 0 to 3; default 3"},
    ),
    (
        ("-I",),
        {
            "dest": "include",
            "metavar": "DIR",
            "type": _path,
            "action": "append",
            "default": [],
            "help": "look for modules in DIR too; repeatable",
        },
    ),
    (
        ("-D",),
        {
            "dest": "define",
            "metavar": "NAME=VALUE",
            "type": _define,
            "action": "append",
            "default": [],
            "help": "a named compile-time value; repeatable",
        },
    ),
    (
        ("-g",),
        {
            "dest": "debug",
            "metavar": "N",
            "type": _debug_level,
            "help": "debug information: 0 (default), 1 for lines, 2 for all of it",
        },
    ),
    (("-f", "--force"), {"action": "store_true", "help": "compile even where the cache has it"}),
    (("-n", "--name"), {"metavar": "NAME", "help": "what messages call the cell"}),
    (("--no-run",), {"action": "store_true", "help": "compile only"}),
    (("--quiet",), {"action": "store_true", "help": "no progress, no line of times, no warnings"}),
)
MODE: tuple[Option, ...] = (
    (
        ("--mode",),
        {
            "choices": ("run", "cached"),
            "help": "cached: take the program from the cache if it is there (default); run: always compile",
        },
    ),
)
LIMITS: tuple[Option, ...] = (
    (("--timeout",), {"metavar": "S", "type": _seconds, "help": "end the program after S seconds"}),
    (
        ("--memory",),
        {"metavar": "MB", "type": _megabytes, "help": "end the program when it uses more than MB"},
    ),
    (
        ("--cpu",),
        {"metavar": "S", "type": _seconds, "help": "end the program after S seconds of processor time"},
    ),
    (
        ("--processes",),
        {"metavar": "N", "type": count, "help": "end the program when it has more than N processes"},
    ),
    (
        ("--most-output",),
        {
            "metavar": "MB",
            "type": _megabytes,
            "help": "end the program when it prints more than MB; default 64",
        },
    ),
)
RUN = MODE + LIMITS
BIND: tuple[Option, ...] = (
    (
        ("--mode",),
        {
            "choices": ("inline", "isolated", "cached", "run"),
            "help": "of functions: inline (in the kernel, guarded) or isolated (in a worker); of programs: "
            "cached (take it from the cache if it is there) or run (always compile)",
        },
    ),
    (
        ("--as",),
        {
            "dest": "bind_as",
            "metavar": "NAME",
            "type": _name,
            "help": "bind the cell's functions as attributes of one object",
        },
    ),
    (("--no-bind",), {"action": "store_true", "help": "leave Python's names alone"}),
    (
        ("--exports",),
        {
            "metavar": "F,G",
            "type": _names,
            "help": "the functions to make callable from Python; each costs compile time; default: all",
        },
    ),
    (
        ("-i", "--in"),
        {
            "dest": "inputs",
            "metavar": "A,B",
            "type": _names,
            "default": [],
            "help": "Python variables that a cell of statements sees; new values compile nothing",
        },
    ),
    (
        ("-o", "--give"),
        {
            "dest": "outputs",
            "metavar": "X,Y",
            "type": _names,
            "default": [],
            "help": "variables of a cell of statements that come back as Python's",
        },
    ),
    (("--nogil",), {"action": "store_true", "help": "let other Python threads run during calls"}),
    (
        ("--asm",),
        {
            "nargs": "?",
            "const": True,
            "metavar": "FUNCTION",
            "type": _name,
            "help": "show the machine code of FUNCTION beside its lines; without it, of all and of main",
        },
    ),
)
NOTEBOOK: tuple[Option, ...] = (
    (
        ("--stdin",),
        {
            "metavar": "VAR",
            "type": _name,
            "help": "a Python variable (str or bytes) is the program's standard input: nobody is asked",
        },
    ),
    (
        ("--result",),
        {"metavar": "NAME", "type": _name, "help": "keep the RunResult in the Python variable NAME"},
    ),
    (
        ("--out",),
        {"metavar": "NAME", "type": _name, "help": "keep all of stdout in the Python variable NAME"},
    ),
)
CARRY: tuple[Option, ...] = (
    (("--alone",), {"action": "store_true", "help": "the cell knows nothing that other cells define"}),
)
FILE: tuple[Option, ...] = (
    (
        ("--file",),
        {"metavar": "PATH", "type": _path, "help": "write the cell to PATH (a .mojo file) as well"},
    ),
)
PATH: tuple[Option, ...] = (
    (
        ("path",),
        {"metavar": "FILE", "type": _path, "help": "the source; what it imports is looked for beside it too"},
    ),
)
CACHE: tuple[Option, ...] = (
    (
        ("what",),
        {
            "nargs": "?",
            "default": "stats",
            "choices": ("stats", "explain", "clear"),
            "help": "stats: counters (default); explain: why the last cell missed; clear: remove every entry",
        },
    ),
)
SOURCE: tuple[Option, ...] = (
    (
        ("what",),
        {"metavar": "NAME", "nargs": "?", "help": "the cell that defines NAME (default: the last that ran)"},
    ),
    (
        ("-o", "--output"),
        {"metavar": "FILE", "type": _path, "help": "write it to FILE instead of showing it"},
    ),
)
CELL = BIND + LIMITS + COMPILE + NOTEBOOK + CARRY + FILE


class OptionError(ValueError):
    """Options that cannot be used; the message says which and what is meant perhaps."""


def parser(table: Sequence[Option]) -> argparse.ArgumentParser:
    """Return a parser that raises OptionError.

    Examples
    --------
    >>> parser(CELL).parse_args(["-O1"]).level
    1
    """
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise OptionError(message)

    made = Parser(add_help=False)
    for names, keywords in table:
        made.add_argument(*names, **keywords)
    return made


def split(line: str) -> tuple[list[str], list[str]]:
    """Split a magic's line as a shell would, into options and what comes after ``--``.

    Parameters
    ----------
    line : str
        All after the magic's name.

    Returns
    -------
    tuple of list of str
        The options and the program's arguments.

    Raises
    ------
    OptionError
        A quotation is not closed.

    Examples
    --------
    >>> split("-O 2 -- 'two words' --x")
    (['-O', '2'], ['two words', '--x'])
    """
    import shlex

    try:
        words = shlex.split(line)
    except ValueError as error:
        msg = f"{str(error)[:1].lower()}{str(error)[1:]} in: {line}"
        raise OptionError(msg) from None
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def words_of(table: Sequence[Option]) -> list[str]:
    """Return the words by which a table's options are given.

    Examples
    --------
    >>> words_of(CARRY)
    ['--alone']
    """
    return [name for names, _ in table for name in names if name.startswith("-")]


def values_of(word: str) -> list[str] | None:
    """Return what can follow an option's word, where that is one of a few; else None.

    Examples
    --------
    >>> values_of("--mode"), values_of("-O2")
    (['inline', 'isolated', 'cached', 'run'], None)
    """
    for names, said in CELL:
        if word in names and "choices" in said:
            return [str(choice) for choice in said["choices"]]
    return None


def asks_for_help(line: str) -> bool:
    """Tell whether a magic's line asks what it takes, and not the program behind ``--``.

    Examples
    --------
    >>> asks_for_help("-O2 --help"), asks_for_help("-- --help")
    (True, False)
    """
    words = line.split()
    own = words[: words.index("--")] if "--" in words else words
    return "--help" in own or "-h" in own


def parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Read options strictly.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        With the options of a command.
    words : sequence of str
        Without ``--`` and what follows.

    Raises
    ------
    OptionError
        An option is not known (with the nearest that is), or there is a word too many.
    """
    parser.allow_abbrev = False
    options, rest = parser.parse_known_args(list(words))
    if rest:
        known = [string for action in parser._actions for string in action.option_strings]  # noqa: SLF001
        word = rest[0]
        if word.startswith("-") and word != "-":
            name = word.partition("=")[0]
            msg = f"there is no option {name}{nearest(name, known)}"
        elif word in ("build", "run", "package", "precompile"):
            msg = f"{word!r} is a command of Modular's own %%mojo; here options say it (%%mojo? lists them)"
        else:
            msg = f"{word!r} is not an option; arguments of the program go after --"
        raise OptionError(msg)
    return options


def read_source(path: str, stdin: BinaryIO | None = None) -> str:
    """Return the text of a Mojo file, or of standard input, without a byte order mark.

    Raises
    ------
    OptionError
        It cannot be read, or is not UTF-8.
    """
    try:
        if stdin is not None:
            return stdin.read().decode("utf-8-sig")
        with open(path, "rb") as file:
            return file.read().decode("utf-8-sig")
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise OptionError(msg) from None
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8: {error.reason} at byte {error.start}"
        raise OptionError(msg) from None


def compiler_flags(options: argparse.Namespace) -> list[str]:
    """Return the compiler flags that options stand for.

    Examples
    --------
    >>> from argparse import Namespace
    >>> compiler_flags(Namespace(level=2, debug=1, include=["lib"], define=["N=3"]))
    ['-O2', '-g1', '-I', 'lib', '-D', 'N=3']
    """
    flags = [] if options.level is None else [f"-O{options.level}"]
    if options.debug is not None:
        flags.append(f"-g{options.debug}")
    for directory in options.include:
        flags += ["-I", directory]
    for definition in options.define:
        flags += ["-D", definition]
    return flags
