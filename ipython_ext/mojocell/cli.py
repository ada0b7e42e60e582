"""The command ``mojocell``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from mojocell import options
from mojocell.core.repairs import repairs
from mojocell.core.request import Job
from mojocell.core.result import status
from mojocell.errors import MojoCompileError, MojoError, MojoRuntimeError, MojoTimeout
from mojocell.hosts.terminal import TerminalScreen
from mojocell.kernel import install
from mojocell.show.output import Sink
from mojocell.show.progress import Progress, Screen
from mojocell.show.words import plural, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mojocell.core.result import RunResult

# Exit statuses of `mojocell run`, beside the program's own: as a shell has them.
FAILED, USAGE, TIMED_OUT, SIGNALLED, INTERRUPTED = 1, 2, 124, 128, 130


class Raw(Sink):
    """Passes a program's bytes on untouched."""

    def output(self, stream: str, data: bytes) -> None:
        """Write a piece."""
        file = getattr(sys, stream)
        file.flush()
        file.buffer.write(data)
        file.buffer.flush()


class Followed(Raw):
    """Says, too, that it is compiled, where that takes more than a moment; nothing of that stays."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._progress = Progress(screen)

    def event(self, name: str, header: dict[str, Any]) -> None:
        """Turn the daemon's events into progress."""
        self._progress.event(name, header)

    def quiet(self) -> None:
        """Say how long the wait is."""
        self._progress.tick()

    def close(self) -> None:
        """Take away what passes."""
        self._progress.end()
        self._screen.leave("")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    top = argparse.ArgumentParser(
        prog="mojocell",
        description="Mojo in notebook cells: the same runtime from a shell.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="store_true", help="print the version and stop")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="compile a file and run it",
        description="Compile a file and run it; what comes after -- goes to the program.",
        allow_abbrev=False,
    )
    run.add_argument("path", metavar="FILE", help="the source, - for standard input")
    for names, keywords in options.RUN + options.COMPILE:
        run.add_argument(*names, **keywords)

    cache = commands.add_parser("cache", help="counters, reasons, emptying", allow_abbrev=False)
    cache.add_argument("what", choices=("stats", "explain", "clear"), nargs="?", default="stats")
    cache.add_argument("cell", nargs="?", help="explain: the file or name of the cell")
    cache.add_argument("--json", action="store_true", help="as JSON")

    info = commands.add_parser("info", help="versions, paths and settings", allow_abbrev=False)
    info.add_argument("--json", action="store_true", help="as JSON")
    convert = commands.add_parser(
        "convert",
        help="a Jupyter notebook with cells of Mojo as one of marimo",
        description="Write a notebook of marimo from one of Jupyter with cells of Mojo.",
        allow_abbrev=False,
    )
    convert.add_argument("path", metavar="NOTEBOOK", help="the .ipynb file")
    convert.add_argument("-o", "--output", metavar="FILE", help="default: the same name with .py")
    convert.add_argument("-f", "--force", action="store_true", help="replace FILE where it exists")
    notebooks = commands.add_parser(
        "notebooks",
        help="put the package's notebooks into a folder",
        description="Put the package's notebooks into a folder and say how to open them.",
        allow_abbrev=False,
    )
    notebooks.add_argument(
        "folder", metavar="DIR", nargs="?", default="mojo-notebooks", help="default: mojo-notebooks"
    )
    install.add_commands(commands)
    prefetch = commands.add_parser(
        "prefetch",
        help="compile the Mojo of notebooks, so that nobody waits for it later",
        description="Compile the Mojo of notebooks (.ipynb), of marimo's notebooks and scripts (.py), and of "
        "all of these in folders. Nothing of them runs.",
        allow_abbrev=False,
    )
    prefetch.add_argument("paths", metavar="FILE", nargs="+", help="a notebook, a script or a folder of them")
    prefetch.add_argument(
        "-j",
        "--jobs",
        metavar="N",
        type=options.count,
        help="compile N cells at a time; default: one a processor",
    )
    prefetch.add_argument("--quiet", action="store_true", help="print nothing but what does not compile")
    layout = commands.add_parser(
        "format",
        help="lay files of Mojo out",
        description="Lay files of Mojo out, in their places, as Mojo's formatter does.",
        allow_abbrev=False,
    )
    layout.add_argument(
        "paths",
        metavar="FILE",
        nargs="+",
        help="the sources, - for standard input, which goes to standard output",
    )
    layout.add_argument("--check", action="store_true", help="change nothing; status 1 where one would be")
    commands.add_parser("demo", help="a few cells, what they say and what they cost", allow_abbrev=False)
    commands.add_parser("doctor", help="check that everything works here", allow_abbrev=False)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        The exit status: 0, or 1 where something failed, 2 for a usage error, the program's own for
        ``run`` (128 and the signal's number after a signal, 124 after the time limit).
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    args: list[str] = []
    if "--" in words:
        at = words.index("--")
        words, args = words[:at], words[at + 1 :]
    top = parser()
    opts = top.parse_args(words)
    if opts.version:
        import mojocell

        print(f"mojocell {mojocell.__version__}")
        return 0
    if opts.command is None:
        top.print_help()
        return USAGE
    if args and opts.command != "run":
        top.error(f"{opts.command} takes no arguments after --")
    try:
        return _command(opts, args)
    except MojoError as error:
        _complain(error)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone; nothing more can be said, not even when the interpreter flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _command(opts: argparse.Namespace, args: list[str]) -> int:
    commands: dict[str, Callable[[], int]] = {
        "run": lambda: _run(opts, args),
        "cache": lambda: _cache(opts),
        "info": lambda: _info(opts),
        "convert": lambda: _convert(opts),
        "notebooks": lambda: _notebooks(opts),
        "kernel": lambda: install.run(opts),
        "prefetch": lambda: _prefetch(opts),
        "format": lambda: _format(opts),
        "demo": _demo,
        "doctor": _doctor,
    }
    return commands[opts.command]()


def _has_colors() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _complain(error: MojoError) -> None:
    print(f"mojocell: {error.render(color=_has_colors())}", file=sys.stderr)


def _read(path: str) -> str:
    """Return the source of ``mojocell run``."""
    try:
        return options.read_source(path, sys.stdin.buffer if path == "-" else None)
    except options.OptionError as error:
        raise MojoError(str(error), code="io") from None


class _Input:
    """All of standard input, read while the source is compiled: it travels with the request to run.

    A terminal's is not taken. What never ends, like that of some job runners, is waited for; so
    that nobody wonders why nothing happens, this is said after a second.
    """

    def __init__(self) -> None:
        from threading import Thread

        self._pieces: list[bytes] = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            file = sys.stdin.fileno()
        except OSError:  # in the place of a file
            self._pieces.append(sys.stdin.buffer.read())
            return
        # Not by way of sys.stdin, which nobody may hold when the interpreter ends.
        while piece := os.read(file, 1 << 16):
            self._pieces.append(piece)

    def is_there(self) -> bool:
        """Tell whether it has come to its end, as a file's does at once."""
        self._reader.join(0.02)
        return not self._reader.is_alive()

    def all(self) -> bytes:
        """Wait for its end."""
        self._reader.join(1.0)
        if self._reader.is_alive():
            words = "reading standard input to its end before the program starts; </dev/null gives none"
            print(f"mojocell: {words}", file=sys.stderr, flush=True)
            self._reader.join()
        return b"".join(self._pieces)


def _terminal() -> str | None:
    """Return the terminal that a program may read from: this process's, unless it is in the background."""
    try:
        file = sys.stdin.fileno()
        return os.ttyname(file) if os.tcgetpgrp(file) == os.getpgrp() else None
    except (OSError, AttributeError):
        return None


def _execute(job: Job, given: _Input | None, screen: Screen) -> RunResult:
    """Run a job; what it is given is waited for when it is compiled, not before."""
    if given is None or given.is_there():
        return _follow(job.but(stdin=given.all() if given else None), screen)
    compiled = _follow(job.but(op="compile"), screen)
    if compiled.error is not None:
        return compiled
    result = _follow(job.but(stdin=given.all(), force=False, mode="cached"), screen)
    result.cache, result.compiler_cache = compiled.cache, compiled.compiler_cache
    result.times["compile"] = compiled.times.get("compile", 0.0)
    return result


def _follow(job: Job, screen: Screen) -> RunResult:
    sink = Followed(screen)
    try:
        return job.execute(sink)
    finally:
        sink.close()


def _run(opts: argparse.Namespace, args: list[str]) -> int:
    source = _read(opts.path)
    flags = options.compiler_flags(opts)
    given = None
    if opts.path != "-":
        flags += ["-I", os.path.dirname(os.path.abspath(opts.path))]
        given = None if opts.no_run or sys.stdin is None or sys.stdin.isatty() else _Input()
    job = Job(
        source,
        op="compile" if opts.no_run else "run",
        name=opts.name or ("stdin" if opts.path == "-" else opts.path),
        mode=opts.mode,
        force=opts.force,
        flags=flags,
        args=args,
        timeout=opts.timeout,
        memory=opts.memory,
        cpu=opts.cpu,
        processes=opts.processes,
        most_output=opts.most_output,
        terminal=None if given or opts.no_run else _terminal(),
    )
    screen = TerminalScreen() if sys.stderr.isatty() and not opts.quiet else Screen()
    result = _execute(job, given, screen)
    if not opts.quiet:
        _remarks(result)
    # What left main is on stderr in the program's own words, and a status speaks for itself.
    if isinstance(result.error, MojoRuntimeError):
        if result.error.hint:
            print(f"mojocell: hint: {result.error.hint}", file=sys.stderr)
    elif result.error is not None:
        _complain(result.error)
    return _status(result)


def _remarks(result: RunResult) -> None:
    """Print warnings, repairs and, to a terminal, the line of times."""
    from mojocell.show import layout

    if result.warnings and result.error is None:
        lines = layout.diagnostics(result.warnings, source=result.source, name=result.name)
        print(layout.paint(lines, "colors" if _has_colors() else "plain"), file=sys.stderr)
    if result.modernized:
        version, enough = result.toolchain.get("version", ""), not isinstance(result.error, MojoCompileError)
        print(repairs(result.modernized, version, fixable=False, enough=enough), file=sys.stderr)
    if sys.stderr.isatty():
        print(status(result), file=sys.stderr)


def _status(result: RunResult) -> int:
    """Return the exit status that a result stands for."""
    if isinstance(result.error, MojoCompileError):
        return FAILED
    if isinstance(result.error, MojoTimeout):
        return TIMED_OUT
    if result.signal is not None:
        return SIGNALLED + result.signal
    return result.returncode or (FAILED if result.error is not None else 0)


def _print(values: Mapping[str, Any], *, as_json: bool) -> None:
    print(json.dumps(values, indent=2, ensure_ascii=False, default=str) if as_json else table(values))


def _cache(opts: argparse.Namespace) -> int:
    from mojocell import cache

    if opts.what == "clear":
        _print(cache.clear(), as_json=opts.json)
    elif opts.what == "explain":
        found = cache.explain(opts.cell)
        print(
            json.dumps([item._asdict() for item in found], indent=2, ensure_ascii=False)
            if opts.json
            else repr(found)
        )
    else:
        counters = cache.stats()
        _print(counters if opts.json else cache.summary(counters), as_json=opts.json)
    return 0


def _info(opts: argparse.Namespace) -> int:
    from mojocell import api

    facts = api.info()
    _print(facts if opts.json else api.summary(facts), as_json=opts.json)
    return 0


def _convert(opts: argparse.Namespace) -> int:
    from mojocell import jupyter_to_marimo

    target = opts.output or os.path.splitext(opts.path)[0] + ".py"
    if os.path.exists(target) and not opts.force:
        msg = f"{target} exists"
        raise MojoError(msg, code="usage", hint="-f replaces it, -o names another file")
    try:
        notes = jupyter_to_marimo.convert(opts.path, target)
    except OSError as error:
        msg = f"{error.filename}: {error.strerror}"
        raise MojoError(msg, code="io") from None
    print(f"{target}: open it with marimo edit {target}")
    if notes:
        print(f"{plural(len(notes), 'thing')} could not be taken over:")
    for note in notes:
        print(f"  cell {note.cell}: {note.text}")
    return 0


def _notebooks(opts: argparse.Namespace) -> int:
    from mojocell import notebooks

    try:
        written = notebooks.write(opts.folder)
    except OSError as error:
        msg = f"{error.filename}: {error.strerror}"
        raise MojoError(msg, code="io") from None
    print(f"{opts.folder}: {plural(len(written), 'new file')}")
    print("\n".join(notebooks.how_to_open(opts.folder)))
    return 0


def _prefetch(opts: argparse.Namespace) -> int:
    from mojocell.cells import prefetch

    screen = TerminalScreen() if sys.stderr.isatty() and not opts.quiet else Screen()
    outcome = prefetch.run(opts.paths, most=opts.jobs, screen=screen, complain=_complain)
    if not opts.quiet:
        print("\n".join(outcome.lines()))
    return FAILED if outcome.failed else 0


def _format(opts: argparse.Namespace) -> int:
    changed = [path for path in opts.paths if _lay_out(path, writes=not opts.check)]
    return FAILED if opts.check and changed else 0


def _lay_out(path: str, *, writes: bool) -> bool:
    """Lay a file out; return whether it was not so before."""
    from mojocell import language

    source = _read(path)
    try:
        made = language.format(source)
    except MojoError as error:
        msg = f"{path}: {error.message}"
        raise MojoError(msg, code=error.code, hint=error.hint) from None
    if path == "-" and writes:
        sys.stdout.write(made)
    elif made != source:
        if writes:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(made)
        print(f"{path}: laid out" if writes else f"{path}: would be laid out")
    return made != source


def _doctor() -> int:
    from mojocell import doctor

    return doctor.run()


def _demo() -> int:
    from mojocell import demo

    return demo.run()
