"""What a cell asks for: its text, its options, and the variables that these name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mojocell import options, settings
from mojocell.core.request import Job

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from mojocell.core.result import RunResult
    from mojocell.hosts.ipython import IPython
    from mojocell.show.output import Sink


def job_of(
    source: str,
    opts: argparse.Namespace,
    args: Sequence[str],
    names: Mapping[str, Any],
    *,
    cell: str | None,
    using: Sequence[dict[str, Any]] = (),
) -> tuple[Job, dict[str, Any] | None]:
    """Return what is asked for, and the inputs of a cell that exchanges variables with Python.

    Parameters
    ----------
    source : str
        The cell's text.
    opts, args : Namespace, sequence of str
        What stood on the magic's line.
    names : mapping
        The notebook's variables.
    cell : str or None
        What the cell is known by.
    using : sequence of dict
        Other sources whose functions it calls.

    Raises
    ------
    OptionError
        An option names a variable that is not there or cannot serve.
    TypeError
        An input has no Mojo type.
    """
    job = Job(
        source,
        op="compile" if opts.no_run else "run",
        name=opts.name or "cell",
        cell=cell,
        mode=opts.mode if opts.mode in settings.PROGRAM_MODES else None,
        exports=getattr(opts, "exports", None),
        force=opts.force,
        flags=options.compiler_flags(opts),
        args=args,
        stdin=_stdin(opts.stdin, names),
        timeout=opts.timeout,
        memory=opts.memory,
        cpu=opts.cpu,
        processes=opts.processes,
        most_output=opts.most_output,
        using=using,
    )
    if not getattr(opts, "inputs", None) and not getattr(opts, "outputs", None):
        return job, None
    if job.args or job.stdin is not None:
        msg = "-i and -o: such a cell has neither arguments nor standard input; pass them as variables"
        raise options.OptionError(msg)
    from mojocell.call import inputs

    for name in opts.inputs:
        if name not in names:
            msg = f"-i {name}: there is no variable {name}"
            raise options.OptionError(msg)
    given = {name: names[name] for name in opts.inputs}
    return inputs.exchange(job, given, opts.outputs), given


def execute(
    job: Job, given: Mapping[str, Any] | None, sink: Sink, host: IPython
) -> tuple[RunResult, dict[str, Any]]:
    """Do what a cell asks for, and show the value of Python's that it ends with.

    Parameters
    ----------
    job, given : Job, mapping or None
        What `job_of` gives.
    sink : Sink
        Told of events and output as they come.
    host : IPython
        Where the value is shown.

    Returns
    -------
    RunResult
        What came of it.
    dict
        The variables that it gives back.
    """
    from mojocell.call import inputs
    from mojocell.show import value

    def run(asked: Job) -> tuple[RunResult, dict[str, Any]]:
        return (asked.execute(sink), {}) if given is None else inputs.run(asked, given, sink)

    if not host.has_kernel or not _knows_python(job):
        return run(job)
    with value.taking() as taken:
        done = run(job.but(env={**os.environ, **taken.environment}))
        host.display_bundle(taken.bundle())
    return done


def _knows_python(job: Job) -> bool:
    """Tell whether a value of Python's may come of it: the cell, or one that it uses, imports Python."""
    sources = [job.source, *(str(each.get("source")) for each in job.using)]
    return any("python" in source for source in sources)


def _stdin(name: str | None, names: Mapping[str, Any]) -> bytes | None:
    if name is None:
        return None
    if name not in names:
        msg = f"--stdin {name}: there is no variable {name}"
        raise options.OptionError(msg)
    value = names[name]
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    msg = f"--stdin {name}: the variable must be a str or bytes, not {type(value).__name__}"
    raise options.OptionError(msg)
