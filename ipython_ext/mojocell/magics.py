"""``%load_ext mojocell``: the magics. They read options, call the client and display.

Magics are methods of one class, so this file is long. What only a cell needs is imported by the first
cell: `%load_ext` is in everybody's way.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments
from traitlets import Any as AnyTrait
from traitlets import TraitError, validate

from mojocell import cell_functions, options, settings
from mojocell.cell_diagnostics import CellDiagnostics
from mojocell.core import client
from mojocell.errors import Interrupted, MojoCompileError, MojoError
from mojocell.hosts.ipython import IPython, RunningCells
from mojocell.show.progress import CellSink, Screen
from mojocell.show.words import duration, plural, table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from mojocell.core.request import Job
    from mojocell.core.result import RunResult
    from mojocell.show.layout import Layout


def _options(*tables: Sequence[options.Option], name: str | None = None) -> Callable[[Any], Any]:
    """Return a decorator that gives a magic the options of tables, in their order.

    The help shows ``%`` and the name, so that a cell magic's begins with another ``%``.
    """
    add: Any = argument
    finish: Any = magic_arguments

    def decorate(function: Any) -> Any:
        for names, keywords in reversed([option for group in tables for option in group]):
            function = add(*names, **keywords)(function)
        return finish(name)(function)

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
    status = _setting("status")
    shown = _setting("shown")
    runtime_dir = _setting("runtime_dir")

    def __init__(self, shell: InteractiveShell | None = None, **kwargs: Any) -> None:
        self._running = RunningCells()
        self._last_cell: str | None = None
        self._fix: str | None = None
        self._warm = False
        self._foreign: object = None
        self._ip: Any = shell
        self._binder = cell_functions.Binder(shell)
        self._diagnostics = CellDiagnostics()
        self._host = IPython(shell)
        if self._host.has_kernel:
            self._diagnostics.serve()
        super().__init__(shell=shell, **kwargs)

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
            _write(opts.file, cell)
        head = self._running.head(cell)
        above = head.count("\n")
        self._run("\n" * above + cell, opts, args, head=head, above=above)

    @_raw
    @_named("mojo")
    def mojo_statement(self, line: str) -> None:
        """Run one line of Mojo: ``%mojo print(6 * 7)``.

        Braces and dollars are Mojo's; Python variables are not put in.
        """
        if not line.strip():
            msg = "%mojo needs a statement, as in: %mojo print(6 * 7)"
            raise UsageError(msg)
        opts, _ = self._parse(self.mojo, "")
        del opts.bind_as
        self._run(line, opts, [], head="%mojo ", above=0, using=self._named_in(line))

    def _named_in(self, line: str) -> list[dict[str, Any]]:
        """Return the ``using`` for the Mojo functions that a line names."""
        import re

        from mojocell.call.module import using
        from mojocell.call.unit import Unit

        names = dict.fromkeys(re.findall(r"[^\W\d]\w*", line))
        found = [self._ip.user_ns.get(name) for name in names]
        return using(
            [
                value
                for value in found
                if callable(value) and isinstance(getattr(value, "__mojo__", None), Unit)
            ]
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
            source = options.read_source(os.path.expanduser(opts.path))
        except options.OptionError as error:
            raise UsageError(str(error)) from None
        opts.name = opts.name or opts.path
        opts.include = [*opts.include, os.path.dirname(os.path.abspath(os.path.expanduser(opts.path)))]
        self._run(source, opts, args, head=None, above=0)

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
        self._ip.set_next_input(self._fix.rstrip("\n"), replace=True)

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
        head: str | None,
        above: int,
        using: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Run one cell: ``head`` is what stood before the source, ``above`` the lines of it."""
        self._last_cell = self._running.cell_id or opts.name or "cell"
        self._diagnostics.forget(self._running.cell_id)
        job = self._job(source, opts, args).but(using=tuple(using))
        screen = self._host.screen("never" if opts.quiet else settings.get("status"))
        start = time.monotonic()
        with _quiet_errors():
            # A notebook server has limits; a terminal has none.
            limit = int(settings.get("shown")) if self._host.has_kernel else None
            sink = CellSink(screen, limit, first=self._is_first(screen))
            given: dict[str, Any] = {}
            try:
                if getattr(opts, "inputs", None) or getattr(opts, "outputs", None):
                    from mojocell.call import inputs

                    job, values = self._exchange(job, opts)
                    result, given = inputs.run(job, values, sink)
                else:
                    result = job.execute(sink)
            except Interrupted as stop:
                self._binder.failed(self._cell(opts), source, (), compiled=True)
                self._keep(stop.result, opts)
                how = "stopped while it was compiled, after" if stop.compiling else "stopped after"
                stop.args = (f"{how} {duration(time.monotonic() - start)}",)
                screen.leave(str(stop))
                raise
            except MojoError:
                self._binder.failed(self._cell(opts), source, (), compiled=True)
                screen.leave("not run")
                raise
            finally:
                sink.close()
            self._diagnostics.note(self._running.cell_id, result)
            self._keep(result, opts)
            self._ip.push(given)
            self._remember_fix(result, job, head, above)
            self._show(result, opts, screen, self._bind(job, result, opts), fixable=head is not None)
            if result.error is not None:
                raise result.error

    def _exchange(self, job: Job, opts: argparse.Namespace) -> tuple[Job, dict[str, Any]]:
        """Return what a cell of statements is asked for that takes Python's variables, and these."""
        from mojocell.call import inputs

        for name in opts.inputs:
            if name not in self._ip.user_ns:
                msg = f"-i {name}: there is no variable {name}"
                raise UsageError(msg)
        if job.args or job.stdin is not None:
            msg = "-i and -o: such a cell has neither arguments nor standard input; pass them as variables"
            raise UsageError(msg)
        values = {name: self._ip.user_ns[name] for name in opts.inputs}
        return inputs.exchange(job, values, opts.outputs), values

    def _job(self, source: str, opts: argparse.Namespace, args: list[str]) -> Job:
        from mojocell.core.request import Job

        return Job(
            source,
            op="compile" if opts.no_run else "run",
            name=opts.name or "cell",
            cell=self._last_cell,
            mode=opts.mode if opts.mode in settings.PROGRAM_MODES else None,
            exports=getattr(opts, "exports", None),
            force=opts.force,
            flags=options.compiler_flags(opts),
            args=args,
            stdin=self._stdin(opts.stdin),
            timeout=opts.timeout,
            memory=opts.memory,
            cpu=opts.cpu,
            processes=opts.processes,
            most_output=opts.most_output,
        )

    def _stdin(self, name: str | None) -> bytes | None:
        if name is None:
            return None
        if name not in self._ip.user_ns:
            msg = f"--stdin {name}: there is no variable {name}"
            raise UsageError(msg)
        value = self._ip.user_ns[name]
        if isinstance(value, str):
            return value.encode("utf-8", "surrogateescape")
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        msg = f"--stdin {name}: the variable must be a str or bytes, not {type(value).__name__}"
        raise UsageError(msg)

    def _keep(self, result: RunResult | None, opts: argparse.Namespace) -> None:
        """Put the result and the output into the variables asked for."""
        if result is None:
            return
        if opts.result:
            self._ip.user_ns[opts.result] = result
        if opts.out:
            self._ip.user_ns[opts.out] = result.stdout

    def _cell(self, opts: argparse.Namespace) -> str | None:
        """Return what a cell's functions are remembered by."""
        return self._running.cell_id or opts.name

    def _bind(self, job: Job, result: RunResult, opts: argparse.Namespace) -> cell_functions.Bound | None:
        """Bind what a cell defines; None where this magic binds nothing, or the cell did not compile."""
        if not hasattr(opts, "bind_as"):
            return None
        cell = self._cell(opts)
        if isinstance(result.error, MojoCompileError):
            defined = [str(item.get("name")) for item in result.cell.get("definitions") or ()]
            self._binder.failed(cell, job.source, defined)
            return None
        from mojocell.call.module import module_of

        mode = opts.mode if opts.mode in settings.CALL_MODES else None
        module = module_of(job, result, mode=mode, nogil=opts.nogil)
        module.__mojo__.tells = False
        try:
            return self._binder.bind(cell, module, name=opts.bind_as, wanted=not opts.no_bind)
        except MojoError as error:
            # A program has run and is what its cell is about.
            if result.kind == "definitions":
                raise
            return cell_functions.Bound([], {}, [f"the cell's functions are not bound: {error.message}"])

    def _show(
        self,
        result: RunResult,
        opts: argparse.Namespace,
        screen: Screen,
        bound: cell_functions.Bound | None,
        *,
        fixable: bool,
    ) -> None:
        """Display all but output and errors."""
        from mojocell.core.result import repairs, status

        if not opts.quiet:
            if result.warnings and result.error is None:
                from mojocell.show import layout

                self._host.display(
                    layout.diagnostics(result.warnings, source=result.source, name=result.name)
                )
            if result.modernized:
                version = result.toolchain.get("version", "")
                enough = not isinstance(result.error, MojoCompileError)
                said = repairs(result.modernized, version, fixable=fixable, enough=enough)
                self._host.display([[("note", said)]])
            if bound is not None:
                self._show_bound(result, bound, opts)
        listed = result.kind == "definitions" and result.error is None
        more = bound.headline() if bound is not None and not listed else ""
        screen.final(status(result, more))

    def _show_bound(self, result: RunResult, bound: cell_functions.Bound, opts: argparse.Namespace) -> None:
        """Display what definitions became; beside a program only what needs attention."""
        from mojocell.core.result import signatures

        notes = list(bound.warnings)
        if bound.where:
            notes.append(f"its functions run isolated: {bound.where}")
        if opts.mode in settings.CALL_MODES and not result.functions:
            notes.append(f"--mode {opts.mode} is for functions, and this cell has none to call")
        lines: Layout = [[("warning", "warning"), ("", f": {text}")] for text in notes]
        if result.kind == "definitions" and result.error is None:
            lines = (
                cell_functions.layout(bound, signatures(result.functions), wanted=not opts.no_bind) + lines
            )
        if lines:
            self._host.display(lines)

    def _remember_fix(self, result: RunResult, job: Job, head: str | None, above: int) -> None:
        """Keep the repaired cell for ``%mojo_fix``, and tell of it where fix-its are left."""
        self._fix = None
        if head is None:
            return
        repaired = made = result.source if result.modernized else job.source
        if isinstance(result.error, MojoCompileError):
            from mojocell.diagnostics import apply_fixits

            repaired = apply_fixits(made, result.diagnostics)
            if repaired != made and not result.error.hint:
                result.error.hint = "%mojo_fix writes the cell with the fix-its"
        if repaired != job.source:
            self._fix = head + repaired[min(above, len(repaired) - len(repaired.lstrip("\n"))) :]

    # --- surroundings -------------------------------------------------------------------------

    def before_cell(self, info: Any) -> None:
        """Take note of the cell that is about to run, and of a magic that took our name."""
        self._running.begin(info)
        found = self._ip.magics_manager.magics["cell"].get("mojo")
        if found is None or getattr(found, "__self__", None) is self or found is self._foreign:
            return
        self._foreign = found
        print(
            f"%%mojo is now that of {_owner(found)}; to get Mojocell's back: %reload_ext mojocell",
            file=sys.stderr,
        )

    def after_cell(self, _result: Any) -> None:
        """Take note that a cell has ended."""
        self._running.end()

    def _is_first(self, screen: Screen) -> bool:
        """Tell whether this machine has compiled nothing yet; asked until it has, never for nobody."""
        if self._warm or type(screen) is Screen:
            return False
        from mojocell import cache

        counters = cache.stats()
        self._warm = bool(counters.get("entries") or counters.get("misses"))
        return not self._warm


class _quiet_errors:  # noqa: N801  (reads as a statement)
    """Marks errors that pass as a magic's: the cell is what the user sees, no Python line is needed."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, MojoError | Interrupted):
            error.from_magic = True


def _owner(function: Any) -> str:
    return str(getattr(function, "__module__", None) or "another package")


def _write(path: str, cell: str) -> None:
    """Write a cell to a file for ``--file``."""
    path = os.path.expanduser(path)
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(cell)
    except OSError as error:
        msg = f"--file {path}: {error.strerror}"
        raise UsageError(msg) from None


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Register the magics; IPython calls this for ``%load_ext mojocell``.

    Parameters
    ----------
    ip : InteractiveShell
        The shell.
    """
    manager = ip.magics_manager
    before = manager.magics["cell"].get("mojo")
    if manager.registry.get("Mojocell") is not None:
        unload_ipython_extension(ip)
    magics = Mojocell(shell=ip)
    ip.register_magics(magics)
    ip.events.register("pre_run_cell", magics.before_cell)
    ip.events.register("post_run_cell", magics.after_cell)
    if before is not None and type(getattr(before, "__self__", None)).__name__ != "Mojocell":
        print(f"%%mojo is Mojocell's now; it was that of {_owner(before)}", file=sys.stderr)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Take the magics away again.

    Parameters
    ----------
    ip : InteractiveShell
        The shell.
    """
    magics = ip.magics_manager.registry.pop("Mojocell", None)
    if magics is None:
        return
    ip.events.unregister("pre_run_cell", magics.before_cell)
    ip.events.unregister("post_run_cell", magics.after_cell)
    if magics in ip.configurables:
        ip.configurables.remove(magics)
    for kind in ip.magics_manager.magics.values():
        for name in [
            name for name, function in kind.items() if getattr(function, "__self__", None) is magics
        ]:
            del kind[name]
    client.close()
