"""Statement cells that take Python's variables and give their own: ``%%mojo -i a,b -o x``.

Such a cell is compiled as a function of its inputs. The values are arguments of a call, so new ones
of the same types compile nothing; the call runs in a worker, where a crash or Ctrl-C ends the cell
and nothing else.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mojocell.core.request import Job
    from mojocell.core.result import RunResult
    from mojocell.show.output import Sink

_SCALARS: dict[type, str] = {bool: "Bool", int: "Int", float: "Float64", str: "String"}


@functools.cache
def _dtypes() -> dict[str, str]:
    """Return Mojo's scalars by the names of NumPy's."""
    from mojocell import _bridge

    return {dtype.removesuffix("_"): name for name, dtype in _bridge.SCALARS.items()}


def mojo_type(name: str, value: object) -> str:
    """Return the type that a variable has in a cell.

    Parameters
    ----------
    name : str
        The variable, for messages.
    value : object
        A bool, int, float, str, NumPy scalar, list of numbers or of strings, a dict of them by strings or
        ints, or an array: whatever NumPy takes as one.

    Raises
    ------
    TypeError
        There is no type for it; the message says what to pass instead.

    Examples
    --------
    >>> mojo_type("n", 3), mojo_type("xs", [1.5, 2]), mojo_type("raw", b"abc")
    ('Int', 'List[Float64]', 'Span[UInt8]')
    >>> import numpy as np
    >>> mojo_type("x", np.zeros((2, 3)))
    'NDSpan[DType.float64, 2]'
    """
    for kind, text in _SCALARS.items():
        if type(value) is kind:
            return text
    several = _several(name, value)
    if several is not None:
        return several
    dtype = getattr(value, "dtype", None)
    if hasattr(value, "__array__"):
        import numpy as np

        array = np.asarray(value)
        dtype = array.dtype
        found = _dtypes().get(dtype.name)
        if found and array.ndim <= 4:
            return _view(found, array.ndim)
        if _holds_text(array):
            return "List[String]"
    for kind, text in _SCALARS.items():
        if isinstance(value, kind):
            return text
    shown = f"elements of type {dtype}" if dtype is not None else type(value).__name__
    msg = (
        f"input {name}: there is no Mojo type for {shown}; "
        "pass a bool, int, float, str, a list or dict of numbers or strings, "
        "or an array of at most 4 dimensions"
    )
    raise TypeError(msg)


def _view(scalar: str, dimensions: int) -> str:
    """Return the type of a number, or of so many dimensions of them."""
    if dimensions < 2:
        return f"Span[{scalar}]" if dimensions else scalar
    return f"NDSpan[DType.{scalar.lower()}, {dimensions}]"


def _several(name: str, value: object) -> str | None:
    """Return the type of a list, a dict or bytes."""
    if isinstance(value, list | tuple):
        return f"List[{_element(name, value)}]"
    if isinstance(value, dict):
        return _dict(name, value)
    return "Span[UInt8]" if isinstance(value, bytes | bytearray | memoryview) else None


def _holds_text(array: Any) -> bool:
    """Tell whether all that an array has is text: of NumPy's own kind, or objects."""
    return array.ndim == 1 and (
        array.dtype.kind in "UT"
        or (array.dtype.kind == "O" and array.size > 0 and all(isinstance(one, str) for one in array))
    )


def _dict(name: str, value: dict[Any, Any]) -> str:
    if not value:
        msg = f"input {name}: an empty dict has no type; make it in Mojo, as Dict[String, Int]()"
        raise TypeError(msg)
    kinds = {type(key) for key in value}
    if kinds not in ({str}, {int}):
        odd = next((kind.__name__ for kind in kinds if kind not in (int, str)), "both")
        msg = f"input {name}: a dict for Mojo has keys that are strings or ints; this one has {odd}"
        raise TypeError(msg)
    return f"Dict[{'String' if kinds == {str} else 'Int'}, {_element(name, list(value.values()), 'dict')}]"


def _element(name: str, values: Sequence[object], what: str = "list") -> str:
    kinds = {type(value) for value in values}
    if not kinds:
        msg = f"input {name}: an empty list has no type; pass an empty array, as numpy.empty(0)"
        raise TypeError(msg)
    if kinds == {bool}:
        return "Bool"
    if kinds == {int}:
        return "Int"
    if kinds == {str}:
        return "String"
    if kinds <= {int, float}:
        return "Float64"
    odd = next((kind.__name__ for kind in kinds if kind not in (int, float, str)), "both")
    msg = f"input {name}: a {what} for Mojo holds numbers or strings; this one holds {odd}"
    raise TypeError(msg)


def exchange(job: Job, values: Mapping[str, Any], outputs: Sequence[str]) -> Job:
    """Return what is asked for where a cell of statements takes values and gives variables back.

    Parameters
    ----------
    job : Job
        The cell.
    values : mapping
        Its inputs.
    outputs : sequence of str
        Its variables to give back.

    Raises
    ------
    TypeError
        An input has no Mojo type.
    """
    inputs = tuple({"name": name, "type": mojo_type(name, value)} for name, value in values.items())
    return job.but(op="run", inputs=inputs, outputs=tuple(outputs))


def run(job: Job, values: Mapping[str, Any], sink: Sink | None = None) -> tuple[RunResult, dict[str, Any]]:
    """Compile a cell of statements and call it with values.

    Parameters
    ----------
    job : Job
        What `exchange` gives.
    values : mapping
        Its inputs.
    sink : Sink or None
        Told of events and output as they come.

    Returns
    -------
    RunResult
        As of any run; its ``error`` says what failed.
    dict
        The outputs; empty where it failed.

    Raises
    ------
    MojoError
        The request could not be served.
    KeyboardInterrupt
        The user stopped it.
    """
    result = job.but(op="compile").execute(sink)
    if result.error is not None:
        return result, {}
    return result, _call(job, result, values, sink)


def _call(job: Job, result: RunResult, values: Mapping[str, Any], sink: Sink | None) -> dict[str, Any]:
    from mojocell import _bridge
    from mojocell.call.failure import failure
    from mojocell.call.unit import Calling, Unit
    from mojocell.core import client
    from mojocell.core.printed import Chunk
    from mojocell.errors import MojoError

    unit = Unit(job, result, Calling("isolated"))
    entry = result.run
    taken: list[Chunk] = []

    def output(stream: str, data: bytes) -> None:
        taken.append(Chunk.of(stream, data))
        if sink is not None:
            sink.output(stream, data)

    request = job.header()
    header = client.encode(request).decode()
    table = f"{entry['symbol']} {entry['abi']}\n"
    worker = _bridge.Worker(
        client.client(),
        header,
        table,
        output,
        wall=job.timeout,
        cpu=job.cpu,
        most_output=job.output_bytes(),
        most=1,
        silence=client.patience(job.timeout),
    )
    call = _bridge.Function(
        "the cell",
        [entry],
        None,
        mode="isolated",
        worker=lambda: worker,
        fail=functools.partial(failure, unit, "the cell"),
    )
    start = time.perf_counter()
    found: Any = ()
    try:
        found = call(**values)
    except MojoError as error:
        result.error = error
        error.result = result
    finally:
        result.set_printed(taken)
        result.times["run"] = time.perf_counter() - start
    return dict(zip(entry["outputs"], found or (), strict=False))
