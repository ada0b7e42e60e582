"""Mojo from Python: `run` a program, `compile` definitions, do both as a `cell`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from mojocell.arguments import checked
from mojocell.core import client, surroundings
from mojocell.core.request import Job
from mojocell.settings import CALL_MODES, PROGRAM_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mojocell._bridge import Function as MojoFunction
    from mojocell.call.module import MojoModule
    from mojocell.core.result import RunResult
    from mojocell.show.output import Sink


def run(
    source: str,
    *,
    mode: str | None = None,
    check: bool = True,
    timeout: float | None = None,
    memory: int | None = None,
    cpu: float | None = None,
    processes: int | None = None,
    most_output: int | None = None,
    stdin: str | bytes | bytearray | memoryview | None = None,
    args: Iterable[str] = (),
    flags: Iterable[str] = (),
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    modernize: bool | None = None,
    name: str = "cell",
    echo: bool = False,
) -> RunResult:
    r"""Compile Mojo source, unless that was done before, and run it in a process of its own.

    Parameters
    ----------
    source : str
        A program with ``def main()``, or plain statements.
    mode : {"cached", "run"}, optional
        ``"cached"`` takes the compiled program from the cache where it is there; ``"run"`` always
        compiles. Default: the setting ``mode``, which is ``"cached"``.
    check : bool
        Raise where the source does not compile or the program does not end with status 0. Otherwise
        the result's ``error`` says so.
    timeout : float, optional
        Seconds that the program may run.
    memory : int, optional
        MB that the program may use.
    cpu : float, optional
        Seconds of processor time that the program may use, in all of its threads; of a program, whole
        ones.
    processes : int, optional
        How many processes the program may have, itself among them.
    most_output : int, optional
        MB that it may print; default: 64.
    stdin : str or bytes-like, optional
        The program's standard input, which is empty by default; a str goes as UTF-8.
    args : iterable of str
        The program's arguments, after its own name.
    flags : iterable of str
        Compiler flags: ``-O0`` to ``-O3``, ``-I DIR``, ``-D NAME=VALUE``, ...
    cwd : path, optional
        Where the program runs and where relative ``-I`` start; default: the current directory.
    env : mapping of str, optional
        The whole environment of the program, in which the compiler is looked for as well; default:
        this process's. ``MOJO_PYTHON``, the Python inside Mojo, is added where it has none.
    modernize : bool, optional
        Repair older Mojo as the compiler proposes. Default: the setting, which is True.
    name : str
        What diagnostics call the source.
    echo : bool
        Write the output to `sys.stdout` and `sys.stderr` too, as it comes.

    Returns
    -------
    RunResult
        Output, exit status, where the time went.

    Raises
    ------
    TypeError, ValueError
        An argument cannot be used; the message names it.
    MojoCompileError
        The source does not compile.
    MojoRuntimeError, MojoCrash, MojoTimeout, MojoLimit
        The program raised an error or exited with another status than 0; crashed; went over a limit.
    ToolchainNotFound, DaemonUnavailable
        There is no compiler, or no helper process.

    Examples
    --------
    >>> import mojocell as mc
    >>> mc.run('''
    ... def main() raises:
    ...     print("twice:", 2 * Int(input()))
    ... ''', stdin="21\n").stdout
    'twice: 42\n'
    """
    asked = checked(locals(), PROGRAM_MODES)
    from mojocell import hosts

    check, sink = asked.pop("check"), None
    if asked.pop("echo"):
        from mojocell.show.output import Echo

        sink = Echo()
        sink.reader = hosts.current().reader()
    result = Job(op="run", **asked).execute(sink)
    if sink is not None:
        sink.close()
    if result.error is not None:
        from mojocell.call import unknown_names

        unknown_names.add_hints(result, unknown_names.callers_names(), unknown_names.Call(has_them=False))
    if check and result.error is not None:
        raise hosts.current().present(result.error)
    return result


def compile(  # noqa: A001  (the name that re, ast and the builtin share for this)
    source: str,
    *,
    mode: str | None = None,
    nogil: bool = False,
    exports: Iterable[str] | None = None,
    using: Iterable[MojoFunction | MojoModule] = (),
    flags: Iterable[str] = (),
    cwd: str | os.PathLike[str] | None = None,
    modernize: bool | None = None,
    force: bool = False,
    name: str = "cell",
) -> MojoModule:
    """Compile Mojo source without running anything; its functions can be called from Python.

    Parameters
    ----------
    source : str
        Definitions, a program or statements.
    mode : {"inline", "isolated"}, optional
        How its functions are called: in this process, where a crash becomes a `MojoCrash`, or in a
        worker. Default: the setting ``call_mode``, and without one inline, but isolated where the
        process serves several people (``marimo run``) and where the code cannot be guarded.
    nogil : bool
        Let other Python threads run during a call.
    exports : iterable of str, optional
        The functions to make callable; each costs compile time. Default: all that can be.
    using : iterable of MojoFunction or MojoModule
        Functions of other sources that this one calls by their names.
    flags : iterable of str
        Compiler flags, as for `run`.
    cwd : path, optional
        Where relative ``-I`` start.
    modernize : bool, optional
        Repair older Mojo as the compiler proposes.
    force : bool
        Compile even where the cache has it.
    name : str
        What diagnostics call the source.

    Returns
    -------
    MojoModule
        Its attributes are the functions.

    Raises
    ------
    TypeError, ValueError
        An argument cannot be used; the message names it.
    MojoCompileError
        The source does not compile.

    Examples
    --------
    >>> import mojocell as mc
    >>> module = mc.compile("def twice(n: Int) -> Int: return 2 * n")
    >>> module.twice(21)
    42
    >>> more = mc.compile("def four(n: Int) -> Int: return twice(twice(n))", using=[module.twice])
    >>> more.four(10)
    40
    """
    return _compile(checked(locals(), CALL_MODES), op="compile")


def cell(
    source: str,
    *,
    mode: str | None = None,
    nogil: bool = False,
    exports: Iterable[str] | None = None,
    using: Iterable[MojoFunction | MojoModule] = (),
    flags: Iterable[str] = (),
    args: Iterable[str] = (),
    inputs: Mapping[str, Any] | None = None,
    outputs: Iterable[str] = (),
    timeout: float | None = None,
    memory: int | None = None,
    cpu: float | None = None,
    processes: int | None = None,
    most_output: int | None = None,
    modernize: bool | None = None,
    name: str = "cell",
) -> MojoModule:
    r"""Do with source what ``%%mojo`` does with a cell; for marimo, and for scripts.

    Definitions are compiled; a program or statements are also run. What comes back shows itself,
    the output or the functions, and has the functions as attributes.

    Parameters
    ----------
    source : str
        The cell.
    mode : {"inline", "isolated", "cached", "run"}, optional
        The first two say how functions are called, as for `compile`; the others how a program runs,
        as for `run`.
    nogil, exports, using
        As for `compile`.
    inputs : mapping of str, optional
        Values that statements see under these names; new ones of the same types compile nothing.
    outputs : iterable of str
        Variables of the statements that come back, as attributes of the module.
    flags, args, timeout, memory, cpu, processes, most_output, modernize, name
        As for `run`; of functions, ``timeout``, ``cpu`` and ``most_output`` are those of an isolated call.

    Returns
    -------
    MojoModule
        Its ``result`` is the `RunResult` where something ran.

    Raises
    ------
    MojoError
        As `run` with ``check=True``.

    Examples
    --------
    >>> import mojocell as mc
    >>> mc.cell('print("hello")').result.stdout
    'hello\n'
    >>> mc.cell("def half(x: Float64) -> Float64: return x / 2").half(5)
    2.5
    >>> mc.cell("var y = 2 * x + 1", inputs={"x": 20}, outputs=["y"]).y
    41
    """
    return _compile(checked(locals(), (*CALL_MODES, *PROGRAM_MODES)), op="run")


def import_module(
    path: str | os.PathLike[str],
    *,
    mode: str | None = None,
    nogil: bool = False,
    exports: Iterable[str] | None = None,
    flags: Iterable[str] = (),
    modernize: bool | None = None,
) -> MojoModule:
    """Compile a file of Mojo; its functions can be called from Python.

    What the file imports is looked for beside it too. A ``main`` in it is not run.

    Parameters
    ----------
    path : path
        The file.
    mode, nogil, exports, flags, modernize
        As for `compile`.

    Returns
    -------
    MojoModule
        Its attributes are the functions.

    Raises
    ------
    OSError
        The file cannot be read.
    MojoCompileError
        It does not compile.

    Examples
    --------
    >>> import mojocell as mc, tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".mojo") as file:
    ...     _ = file.write("def half(x: Float64) -> Float64: return x / 2")
    ...     file.flush()
    ...     mc.import_module(file.name).half(5)
    2.5
    """
    asked = checked(locals(), CALL_MODES)
    place = asked.pop("path")
    with open(place, encoding="utf-8-sig", newline="") as file:
        asked["source"] = file.read()
    asked["name"] = os.path.basename(place)
    asked["flags"] += ["-I", os.path.dirname(place)]
    return _compile(asked, op="compile")


def clear_cache() -> dict[str, int]:
    """Remove every compiled cell; the same as ``cache.clear()``.

    Returns
    -------
    dict
        How many ``entries`` and ``bytes`` were removed.

    Examples
    --------
    >>> import mojocell as mc
    >>> removed = mc.clear_cache()
    """
    from mojocell import cache

    return cache.clear()


def info() -> dict[str, Any]:
    """Return the versions, paths and settings in use.

    Returns
    -------
    dict
        ``mojocell`` and ``python`` (versions), ``machine`` (as `machine` has it), ``settings``, and
        what the daemon says of itself and of the Mojo it found, or in ``toolchain_problem`` why there is
        none; ``modules`` are those that cells of this process can import: of each directory that is searched
        ``directory``, ``origin`` (``"compiler"``, ``"-I"``, ``"beside"``, ``"import path"``,
        ``"mojocell"``) and ``names``.

    Examples
    --------
    >>> import mojocell as mc
    >>> mc.info()["mojocell"] == mc.__version__
    True
    >>> [place["names"] for place in mc.info()["modules"] if place["origin"] == "compiler"]
    [['std']]
    """
    import platform

    from mojocell import _bridge, settings
    from mojocell.core.machine import describe

    values = settings.values()
    asked = surroundings.of_caller(toolchain=values["toolchain"])
    answer = client.request({"op": "info", **asked, "flags": list(values["flags"])})
    own = {
        "mojocell": _bridge.VERSION,
        "python": platform.python_version(),
        "machine": describe(answer.get("toolchain")).as_dict(),
        "settings": values,
    }
    return {**own, **{key: value for key, value in answer.items() if key not in ("id", "event", "ok")}}


def summary(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return of `info` what people ask for first, in their order.

    Examples
    --------
    >>> summary({"mojocell": "1.0", "toolchain": {"version": "1.2.0", "root": "/mojo"}})
    {'mojocell': '1.0', 'mojo': '1.2.0 in /mojo'}
    """
    from mojocell.core.machine import Machine

    toolchain = facts.get("toolchain") or {}
    problem = (facts.get("toolchain_problem") or {}).get("message")
    lines = {
        "mojocell": facts.get("mojocell"),
        "python": facts.get("python"),
        "mojo": f"{toolchain['version']} in {toolchain.get('root')}" if toolchain.get("version") else problem,
        "modules": {place["directory"]: _modules(place) for place in facts.get("modules") or ()} or None,
        "machine": Machine.from_dict(facts["machine"]).line() if "machine" in facts else None,
        "cache": facts.get("cache_dir"),
        "daemon": f"pid {facts['pid']}, build {facts.get('build')}" if facts.get("pid") else None,
        "socket": facts.get("socket"),
        "counters": facts.get("counters"),
        "settings": facts.get("settings"),
    }
    return {key: value for key, value in lines.items() if value is not None}


_ORIGINS = {
    "compiler": "of the compiler",
    "-I": "by the setting flags",
    "beside": "beside the notebook",
    "import path": "by MODULAR_MOJO_MAX_IMPORT_PATH",
    "mojocell": "of Mojocell",
}
_MOST_MODULES = 12


def _modules(place: Mapping[str, Any]) -> str:
    names = place["names"]
    more = f" and {len(names) - _MOST_MODULES} more" if len(names) > _MOST_MODULES else ""
    return f"{', '.join(names[:_MOST_MODULES])}{more} ({_ORIGINS[place['origin']]})"


def _compile(asked: dict[str, Any], *, op: str) -> MojoModule:
    """Do what `compile`, `cell` and `import_module` share."""
    from mojocell import hosts
    from mojocell.call import inputs as statements
    from mojocell.call import unknown_names
    from mojocell.call.module import module_of, using

    mode, nogil = asked.pop("mode"), bool(asked.pop("nogil"))
    inputs, outputs = asked.pop("inputs", {}), asked.pop("outputs", [])
    given_using = list(asked.pop("using", ()))
    used = using(given_using, asked["source"])
    job = Job(op=op, mode=mode if mode in PROGRAM_MODES else None, using=used, **asked)
    if job.args and (inputs or outputs):
        msg = "args are for programs: a cell that takes or gives variables has its inputs"
        raise ValueError(msg)

    if inputs or outputs:
        job = statements.exchange(job, inputs, outputs)

    def run(sink: Sink | None) -> tuple[RunResult, dict[str, Any]]:
        return statements.run(job, inputs, sink) if inputs or outputs else (job.execute(sink), {})

    host = hosts.current()
    result, given = host.follow(run)
    if result.error is not None:
        names = unknown_names.callers_names()
        known = unknown_names.names_of(given_using, names)
        unknown_names.add_hints(result, names, unknown_names.Call(inputs=inputs, using=known))
        raise host.present(result.error, result)
    return module_of(
        job,
        result,
        mode=mode if mode in CALL_MODES else None,
        nogil=nogil,
        module=sys._getframe(2).f_globals.get("__name__", "__main__"),  # noqa: SLF001  (as namedtuple does)
        outputs=given,
    )
