"""``%load_ext mojocell``: the magics. They read options, call the client and display.

Magics are methods of one class, so this file is long. What only a cell needs is imported by the first
cell: `%load_ext` is in everybody's way.
"""

from __future__ import annotations

import functools
import os
import sys
import time
import types
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments
from traitlets import Any as AnyTrait
from traitlets import TraitError, validate

from mojocell import options, settings
from mojocell.cells.asking import answer_questions
from mojocell.cells.beforehand import Beforehand
from mojocell.cells.diagnostics import CellDiagnostics
from mojocell.cells.functions import Binder
from mojocell.cells.misplaced import lead_on
from mojocell.cells.reading import Reader
from mojocell.cells.session import Session
from mojocell.cells.writing import Writing
from mojocell.cells.writing_comm import WritingComm
from mojocell.core import client
from mojocell.errors import Interrupted, MojoError
from mojocell.hosts.ipython import IPython, RunningCells, describe_functions
from mojocell.show.progress import CellSink, Screen
from mojocell.show.words import columns, duration, plural, table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from mojocell.core.result import RunResult
    from mojocell.diagnostics import Diagnostic


def _helpful(magic: Any) -> Any:
    """Return a magic that says what it takes where its line asks for that."""

    @functools.wraps(magic)
    def helpful(self: Any, line: str, *cell: str) -> Any:
        if options.asks_for_help(line):
            print(magic.__doc__)
            return None
        return magic(self, line, *cell)

    return helpful


def _options(*tables: Sequence[options.Option], name: str | None = None) -> Callable[[Any], Any]:
    """Return a decorator that gives a magic the options of tables, in their order.

    The help shows ``%`` and the name, so that a cell magic's begins with another ``%``.
    """
    add: Any = argument
    finish: Any = magic_arguments

    def decorate(function: Any) -> Any:
        for names, keywords in reversed([option for group in tables for option in group]):
            function = add(*names, **keywords)(function)
        return _helpful(finish(name)(function))

    return decorate


#: Braces and dollars in such a magic's line are Mojo's, not IPython's.
_raw: Callable[[Any], Any] = no_var_expand
_named: Callable[[str], Callable[[Any], Any]] = line_magic


def _setting(key: str) -> Any:
    return AnyTrait(None, allow_none=True, help=f"{settings.SETTINGS[key].help} (None: not set here)").tag(
        config=True
    )


@magics_class
class Mojocell(Magics):
    """The magics of Mojocell, and its settings in ``%config Mojocell``."""

    toolchain = _setting("toolchain")
    mode = _setting("mode")
    call_mode = _setting("call_mode")
    flags = _setting("flags")
    timeout = _setting("timeout")
    memory = _setting("memory")
    cpu = _setting("cpu")
    processes = _setting("processes")
    most_output = _setting("most_output")
    modernize = _setting("modernize")
    prefetch = _setting("prefetch")
    speculate = _setting("speculate")
    status = _setting("status")
    shown = _setting("shown")
    runtime_dir = _setting("runtime_dir")

    def __init__(self, shell: InteractiveShell | None = None, **kwargs: Any) -> None:
        self._running = RunningCells()
        self._last_cell: str | None = None
        self._fix: str | None = None
        self._warm = False
        self._foreign: object = None
        #: The magics whose kinds and names these have now.
        self.replaced: dict[tuple[str, str], Any] = {}
        self._told: dict[str, str | None] = {}
        self._ip: Any = shell
        self._binder = Binder(shell)
        self._session = Session(shell, self._binder)
        self._diagnostics = CellDiagnostics()
        self._host = IPython(shell)
        self._reader = Reader(shell, plain=self._host.is_mojo)
        self._writing = Writing(self._session, self._reader, functools.partial(self._parse, self.mojo))
        self._last_text = ""
        self.beforehand = Beforehand(shell, self._session, self._reader)
        self._ends = [describe_functions(shell), answer_questions(shell, self._writing), self.beforehand.stop]
        if self._host.has_kernel:
            self._diagnostics.serve()
            self.beforehand.serve()
            self._session.follow = self.beforehand.outdated
            self._ends.append(WritingComm(self._writing).serve())
        super().__init__(shell=shell, **kwargs)

    def end(self) -> None:
        """Give the shell back what is not a magic."""
        for end in self._ends:
            end()

    @validate(*settings.SETTINGS)
    def _apply(self, proposal: dict[str, Any]) -> Any:
        """Hand a value to the one place where settings are."""
        try:
            settings.set_value(proposal["trait"].name, proposal["value"])
        except ValueError as error:
            raise TraitError(str(error)) from None
        return proposal["value"]

    # --- magics -------------------------------------------------------------------------------

    @_options(options.CELL, name="%mojo")
    @cell_magic
    def mojo(self, line: str, cell: str) -> None:
        """Compile a cell of Mojo and run it.

        The cell is a program with ``def main()``, plain statements, or definitions. What comes
        after ``--`` goes to the program::

            %%mojo -O2 --timeout 10 -- input.txt "two words"

        The same cell comes from the cache the next time. Errors point at the lines of this cell;
        a crash does not touch the kernel.
        """
        opts, args = self._parse(self.mojo, line)
        if opts.file:
            _write("--file", opts.file, cell)
        self._last_text = self._running.head(cell) + cell
        self._reader.take(cell, opts, args, self._session.names())
        self._run(cell, opts, args)

    @_raw
    @_named("mojo")
    def mojo_statement(self, line: str) -> None:
        """Run one line of Mojo: ``%mojo print(6 * 7)``.

        Braces and dollars are Mojo's; Python variables are not put in.
        """
        if options.asks_for_help(line):
            print(self.mojo.__doc__)
            return
        if not line.strip():
            msg = "%mojo needs a statement, as in: %mojo print(6 * 7)"
            raise UsageError(msg)
        opts, _ = self._parse(self.mojo, "")
        del opts.bind_as
        self._run(line, opts, [], head="%mojo ", carries=False, using=self._named_in(line))

    def _named_in(self, line: str) -> list[dict[str, Any]]:
        """Return the ``using`` for the Mojo functions that a line names."""
        import re

        from mojocell.call.module import using
        from mojocell.call.unit import Unit

        names = dict.fromkeys(re.findall(r"[^\W\d]\w*", line))
        carried = self._session.names()
        found = [self._ip.user_ns.get(name) for name in names if name not in carried]
        return using(
            [
                value
                for value in found
                if callable(value) and isinstance(getattr(value, "__mojo__", None), Unit)
            ],
            line,
        )

    @_options(
        options.PATH,
        options.RUN,
        options.COMPILE,
        options.NOTEBOOK,
    )
    @line_magic
    def mojo_run(self, line: str) -> None:
        """Compile a file of Mojo and run it: ``%mojo_run hello.mojo -- argument``."""
        opts, args = self._parse(self.mojo_run, line)
        try:
            source = options.read_source(opts.path)
        except options.OptionError as error:
            raise UsageError(str(error)) from None
        opts.name = opts.name or opts.path
        opts.include = [*opts.include, os.path.dirname(os.path.abspath(opts.path))]
        self._run(source, opts, args, head="", fixable=False, carries=False)

    @_options(options.CACHE)
    @line_magic
    def mojo_cache(self, line: str) -> None:
        """Show how the cache of compiled cells does, why the last cell missed, or empty it."""
        from mojocell import cache

        opts, _ = self._parse(self.mojo_cache, line)
        with _quiet_errors():
            if opts.what == "clear":
                removed = cache.clear()
                print(f"removed {plural(removed['entries'], 'entry')}, {removed['bytes'] / 1e6:.1f} MB")
            elif opts.what == "explain":
                found = cache.explain(self._last_cell)
                # A front end's name for a cell says nothing to its reader.
                print(found[0]._replace(cell="the last cell") if found else "no cell was compiled yet")
            else:
                print(table(cache.summary(cache.stats())))

    @line_magic
    def mojo_info(self, line: str) -> None:
        """Show versions, paths and settings."""
        from mojocell import api

        if line.strip():
            msg = "%mojo_info takes no options"
            raise UsageError(msg)
        with _quiet_errors():
            print(table(api.summary(api.info())))

    @line_magic
    def mojo_fix(self, line: str) -> None:
        """Write the last cell, as it was repaired or as the compiler's fix-its repair it, into this cell."""
        if line.strip():
            msg = "%mojo_fix takes no options"
            raise UsageError(msg)
        if self._fix is None:
            msg = "%mojo_fix: the last cell needed no repair, or nobody knows one"
            raise UsageError(msg)
        self._ip.set_next_input(self._fix, replace=True)

    @line_magic
    def mojo_format(self, line: str) -> None:
        """Write the last ``%%mojo`` cell, laid out by Mojo's formatter, into this cell."""
        if line.strip():
            msg = "%mojo_format takes no options"
            raise UsageError(msg)
        if not self._last_text:
            msg = "%mojo_format: no %%mojo cell has run yet"
            raise UsageError(msg)
        with _quiet_errors():
            self._ip.set_next_input(self._writing.formatted(self._last_text.rstrip("\n")), replace=True)

    @line_magic
    def mojo_who(self, line: str) -> None:
        """Show which names Mojo cells know of each other, and from which cell each is."""
        if line.strip():
            msg = "%mojo_who takes no options"
            raise UsageError(msg)
        rows = [("name", "from", "used by"), *self._session.table()]
        if len(rows) == 1:
            print("no Mojo cell has defined anything yet")
            return
        from mojocell.show import graph

        nodes = self._session.graph()
        self._host.display_both(columns(rows), lambda: graph.picture(nodes) + graph.table(rows))

    @line_magic
    def mojo_reset(self, line: str) -> None:
        """Forget what Mojo cells have defined; with a name, the cell that defines it."""
        name = line.strip()
        if name and name not in self._session.names():
            msg = f"%mojo_reset: no Mojo cell defines {name}"
            raise UsageError(msg)
        self._session.reset(name)

    @_options(options.SOURCE)
    @line_magic
    def mojo_source(self, line: str) -> None:
        """Show a cell, and what it uses of others, as one file that the compiler takes without Mojocell."""
        opts, _ = self._parse(self.mojo_source, line)
        try:
            text = self._session.file(opts.what)
        except options.OptionError as error:
            msg = f"%mojo_source: {error}"
            raise UsageError(msg) from None
        if opts.output:
            _write("-o", opts.output, text)
        else:
            print(text, end="")

    @line_magic
    def mojo_ahead(self, line: str) -> None:
        """End what is compiled before its cell runs: ``%mojo_ahead stop``."""
        if line.strip() != "stop":
            msg = "%mojo_ahead takes one word: stop; %config Mojocell.prefetch = False lets it not begin"
            raise UsageError(msg)
        self.beforehand.stop()

    # --- one run ------------------------------------------------------------------------------

    def _parse(self, magic: Any, line: str) -> tuple[argparse.Namespace, list[str]]:
        try:
            words, args = options.split(line)
            return options.parse(magic.parser, words), args
        except options.OptionError as error:
            raise UsageError(str(error)) from None

    def _run(
        self,
        source: str,
        opts: argparse.Namespace,
        args: list[str],
        *,
        head: str | None = None,
        fixable: bool = True,
        carries: bool = True,
        using: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Run one cell: ``head`` is what stands before its source, by default what the editor shows there."""
        from mojocell.cells.job import execute, job_of
        from mojocell.cells.kept import keep, repaired
        from mojocell.cells.shown import code, show

        cell = self._running.cell_id or opts.name
        self._last_cell = cell or "cell"
        self._diagnostics.forget(self._running.cell_id)
        head = self._running.head(source) if head is None else head
        source = "\n" * head.count("\n") + source
        if not getattr(opts, "alone", True):
            using = [*self._session.using(cell, source), *using]
        try:
            job, given = job_of(source, opts, args, self._ip.user_ns, cell=self._last_cell, using=using)
        except options.OptionError as error:
            raise UsageError(str(error)) from None
        screen = self._host.screen("never" if opts.quiet else settings.value_of("status"))
        start = time.monotonic()
        with _quiet_errors():
            sink = self._sink(screen)
            try:
                result, returned = execute(job, given, sink, self._host)
            except Interrupted as stop:
                self._binder.failed(cell, source, (), compiled=True)
                if stop.result is not None:
                    keep(stop.result, opts, self._ip.user_ns)
                stop.args = (_stopped(stop, time.monotonic() - start),)
                screen.leave(str(stop))
                raise
            except MojoError:
                self._binder.failed(cell, source, (), compiled=True)
                screen.leave("not run")
                raise
            finally:
                sink.close()
            self._hint(result, opts)
            keep(result, opts, self._ip.user_ns)
            self._ip.push(returned)
            self._fix = repaired(source, result, head) if fixable else None
            self._diagnostics.note(self._running.cell_id, result, self._fix)
            bound = self._session.bind(cell, job, result, opts, carries=carries)
            show(result, bound, opts, screen, self._host, news=self._news(result), fixable=fixable)
            if result.error is not None:
                raise result.error
            code(job, result, opts)

    def _hint(self, result: RunResult, opts: argparse.Namespace) -> None:
        """Say of names that the cell lacks and the notebook, or another cell, has."""
        from mojocell.call.unknown_names import Magic, add_hints
        from mojocell.cells.taken import explain

        way = Magic(getattr(opts, "inputs", None) or ())
        add_hints(result, self._ip.user_ns, way, hidden=self._ip.user_ns_hidden)
        self._session.explain(result)
        explain(result, opts)

    def _news(self, result: RunResult) -> list[Diagnostic]:
        """Return the warnings to show: what Mojo does without a word is told once, in one cell."""
        told = {
            item.message: self._told.setdefault(item.message, self._last_cell) for item in result.warnings
        }
        return [
            item for item in result.warnings if item.kind != "note" or told[item.message] == self._last_cell
        ]

    def _sink(self, screen: Screen) -> CellSink:
        # A notebook server has limits; a terminal has none.
        limit = int(settings.value_of("shown")) if self._host.has_kernel else None
        sink = CellSink(screen, limit, first=self._is_first(screen))
        sink.reader = self._host.reader()
        return sink

    def cell_of(self, source: str) -> str | None:
        """Return what messages call the cell that others use and that says a source."""
        return self._session.label(source)

    # --- surroundings -------------------------------------------------------------------------

    def before_cell(self, info: Any) -> None:
        """Take note of the cell that is about to run, and of a magic that took our name."""
        self._running.begin(info)
        self.beforehand.runs()
        self._session.forget(self._host.deleted_cells())
        found = self._ip.magics_manager.magics["cell"].get("mojo")
        if found is None or getattr(found, "__self__", None) is self or found is self._foreign:
            return
        self._foreign = found
        print(
            f"%%mojo is now that of {_owner(found)}; to get Mojocell's back: %reload_ext mojocell",
            file=sys.stderr,
        )

    def after_cell(self, result: Any) -> None:
        """Take note that a cell has ended, and say of a name that Python lacks whether Mojo had it."""
        self._running.end()
        self.beforehand.ran(failed=not result.success)
        hint = self._session.hint_for_python(getattr(result, "error_in_exec", None))
        if hint:
            print(f"hint: {hint}", file=sys.stderr)

    def _is_first(self, screen: Screen) -> bool:
        """Tell whether this machine has compiled nothing yet; asked until it has, never for nobody."""
        if self._warm or type(screen) is Screen:
            return False
        from mojocell import cache

        counters = cache.stats()
        self._warm = bool(counters.get("entries") or counters.get("misses"))
        return not self._warm


def _stopped(stop: Interrupted, seconds: float) -> str:
    how = "stopped while it was compiled, after" if stop.compiling else "stopped after"
    return f"{how} {duration(seconds)}"


class _quiet_errors:  # noqa: N801  (reads as a statement)
    """Marks errors that pass as a magic's: the cell is what the user sees, no Python line is needed."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, MojoError | Interrupted):
            error.from_magic = True


def _owner(function: Any) -> str:
    return str(getattr(function, "__module__", None) or "another package")


def _write(option: str, path: str, cell: str) -> None:
    """Write a cell to the file that an option names."""
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(cell)
    except OSError as error:
        msg = f"{option} {path}: {error.strerror}"
        raise UsageError(msg) from None


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Register the magics; IPython calls this for ``%load_ext mojocell``.

    Parameters
    ----------
    ip : InteractiveShell
        The shell.
    """
    manager = ip.magics_manager
    last = manager.registry.get("Mojocell")
    known = last.replaced if last is not None else {}
    if last is not None:
        unload_ipython_extension(ip)
    before = {(kind, name): magic for kind, table in manager.magics.items() for name, magic in table.items()}
    magics = Mojocell(shell=ip)
    ip.register_magics(magics)
    magics.replaced = {place: before[place] for place in _places(manager, magics) if place in before}
    ip.input_transformers_cleanup.insert(0, lead_on)
    ip.events.register("pre_run_cell", magics.before_cell)
    ip.events.register("post_run_cell", magics.after_cell)
    if getattr(ip, "kernel", None) is not None:
        magics.beforehand.open()
    other = magics.replaced.get(("cell", "mojo"))
    if other is not None and other is not known.get(("cell", "mojo")):
        print(f"%%mojo is Mojocell's now; it was that of {_owner(other)}", file=sys.stderr)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Take the magics away again, and give back those that had their names.

    Parameters
    ----------
    ip : InteractiveShell
        The shell.
    """
    magics = ip.magics_manager.registry.pop("Mojocell", None)
    if magics is None:
        return
    magics.end()
    ip.input_transformers_cleanup.remove(lead_on)
    ip.events.unregister("pre_run_cell", magics.before_cell)
    ip.events.unregister("post_run_cell", magics.after_cell)
    if magics in ip.configurables:
        ip.configurables.remove(magics)
    for kind, name in _places(ip.magics_manager, magics):
        table = ip.magics_manager.magics[kind]
        del table[name]
        if (kind, name) in magics.replaced:
            table[name] = magics.replaced[kind, name]
    client.close()


def _places(manager: Any, magics: Mojocell) -> list[tuple[str, str]]:
    """Return the kinds and names under which magics are known.

    Others are not asked for an attribute: IPython loads a magic of its own when somebody looks at it.
    """
    return [
        (kind, name)
        for kind, table in manager.magics.items()
        for name, magic in table.items()
        if isinstance(magic, types.MethodType) and magic.__self__ is magics
    ]
