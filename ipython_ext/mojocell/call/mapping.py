"""Mojo functions of numbers over whole arrays: the `map` of a function, a ufunc of NumPy's.

The loop over the elements is Mojo, in an artifact of its own that is compiled when it is first wanted. NumPy
does the rest: broadcasting, casting, ``out``, ``where``, reductions, and being known to pandas and others.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Protocol

from mojocell import errors
from mojocell._bridge import Map, ufunc
from mojocell.call.failure import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mojocell._bridge import Function, Library
    from mojocell.core.request import Job
    from mojocell.core.result import RunResult

_FORMS = {
    "lifted": "vectors: it is straight-line arithmetic",
    "width": "vectors: it is written with a width",
    "scalar": "one element at a time: {reason}",
}


class Unit(Protocol):
    """What is asked of the unit that a function is of."""

    job: Job
    name: str
    source: str
    environment: dict[str, str] | None
    entries: dict[str, list[Mapping[str, Any]]]
    result: RunResult

    def mode(self) -> tuple[str, str | None]:
        """Return how its functions are called, and why not as was asked for."""
        ...

    def open(self, result: RunResult) -> Library:
        """Load an artifact."""
        ...


class _Compiled:
    """What a failure in a loop is read by: a unit, but for the artifact."""

    def __init__(self, unit: Unit, result: RunResult) -> None:
        self.source, self.name, self.result = unit.source, unit.name, result
        self.entries, self.environment = unit.entries, unit.environment


class MojoMap(Map):
    r"""A Mojo function of numbers for each element of arrays, as ``numpy.ufunc`` is one of NumPy's own.

    A function's attribute ``map`` is one. It is called with arrays and what NumPy makes arrays of, and takes
    what ufuncs take: ``out``, ``where``, ``dtype``, ``casting``, ``order``, ``subok``. Arguments may be given
    by the function's names for them, and those with a default may be left out.

    Attributes
    ----------
    function : MojoFunction
        What is called for each element.
    how : str
        How: several elements at once or one at a time, and why.
    ufunc : numpy.ufunc
        What NumPy and others see of it.
    nin, nout, nargs, ntypes, types, identity, signature
        As of a ``numpy.ufunc``.

    Raises
    ------
    MojoError
        It cannot be mapped: the message says why.

    Examples
    --------
    >>> import numpy as np
    >>> import mojocell as mc
    >>> line = mc.compile("def line(x: Float64, a: Float64 = 2.0) -> Float64:\n    return a * x + 1.0").line
    >>> line.map(np.array([1.0, 2.0, 3.0]))
    array([3., 5., 7.])
    >>> line.map([1.0, 2.0], a=np.array([[1.0], [0.0]]))
    array([[2., 3.],
           [1., 1.]])
    >>> line.map.how
    'vectors: it is straight-line arithmetic'
    """

    _unit: Unit
    _name: str
    _compiled: RunResult | None

    @classmethod
    def of(cls, unit: Unit, name: str, function: Function) -> MojoMap:
        """Return the ``map`` of a function of a source; nothing is compiled for it yet."""
        made = cls(function)
        made._unit, made._name, made._compiled = unit, name, None
        made.__dict__["__doc__"] = function.__doc__ or cls.__doc__
        return made

    @property
    def ufunc(self) -> Any:
        """What NumPy and others see of it; it is compiled where it has not been."""
        if self._ufunc is None:
            _check_mode(self._name, self.function, self._unit.mode()[1])
            self._ufunc = _ufunc(self._unit, self._name, self.function, self._loops())
        return self._ufunc

    @property
    def how(self) -> str:
        """How the elements are taken, and why."""
        entries = _entries(self._loops(), self._name)
        said = {_FORMS[entry["loop"]["how"]].format(reason=entry["loop"]["reason"]) for entry in entries}
        return "; ".join(sorted(said))

    def _loops(self) -> RunResult:
        """Compile them, or find them compiled."""
        if self._compiled is None:
            self._compiled = compile_loops(self._unit, self._name)
        return self._compiled

    # --- calls ---

    def _call(self, *args: Any, out: Any = None, where: Any = None, dtype: Any = None, **kwargs: Any) -> Any:
        """Call it with what is not all arrays, or is said by name."""
        if self.function.stale is not None:
            return self._successor()(*args, out=out, where=where, dtype=dtype, **kwargs)
        made = self.ufunc
        given = [_converted(value, made) for value in self._bound(args, kwargs)]
        options = {"out": out, "where": where, "dtype": dtype, **kwargs}
        try:
            return made(*given, **{name: value for name, value in options.items() if value is not None})
        except TypeError as error:
            if type(error).__name__ == "_UFuncNoLoopError" or "not supported for the input types" in str(
                error
            ):
                error.add_note(_takes(self._name, made))
            raise

    def _successor(self) -> MojoMap:
        stale = self.function.stale
        if callable(stale):
            following: MojoMap = self.function.map
            return following
        raise failure(self._unit, self._name, "stale", {"message": stale})

    def _bound(self, args: Sequence[Any], named: dict[str, Any]) -> Sequence[Any]:
        """Return all arguments in their order; those that are named are taken out."""
        parameters = self._unit.entries[self._name][0]["arguments"]
        if len(args) >= len(parameters):
            return args
        found = list(args)
        for parameter in parameters[len(args) :]:
            name = parameter["name"]
            if name in named:
                found.append(named.pop(name))
            elif "default" in parameter:
                found.append(parameter["default"])
            else:
                msg = f"{self._name}.map() is missing the argument {name!r}"
                raise TypeError(msg)
        return found

    # --- what ufuncs of two have ---

    def outer(self, first: Any, second: Any, /, **kwargs: Any) -> Any:
        """Return it of each element of the first with each of the second, as ``numpy.ufunc.outer``."""
        return self.ufunc.outer(first, second, **kwargs)

    def reduce(self, array: Any, axis: Any = 0, **kwargs: Any) -> Any:
        """Return what is left of an axis by calling it with two, again and again: ``numpy.ufunc.reduce``."""
        return self.ufunc.reduce(array, axis, **kwargs)

    def accumulate(self, array: Any, axis: int = 0, **kwargs: Any) -> Any:
        """Return all results on the way of `reduce`, as ``numpy.ufunc.accumulate``."""
        return self.ufunc.accumulate(array, axis, **kwargs)

    def reduceat(self, array: Any, indices: Any, axis: int = 0, **kwargs: Any) -> Any:
        """Reduce slices, as ``numpy.ufunc.reduceat``."""
        return self.ufunc.reduceat(array, indices, axis, **kwargs)

    def at(self, array: Any, indices: Any, /, *second: Any) -> None:
        """Change elements in place, as ``numpy.ufunc.at``."""
        self.ufunc.at(array, indices, *second)

    # --- what it is ---

    @property
    def nin(self) -> int:
        """How many arrays it takes."""
        return int(self.ufunc.nin)

    @property
    def nout(self) -> int:
        """How many it gives."""
        return int(self.ufunc.nout)

    @property
    def nargs(self) -> int:
        """How many it takes and gives."""
        return int(self.ufunc.nargs)

    @property
    def ntypes(self) -> int:
        """How many loops it has: one for each overload."""
        return int(self.ufunc.ntypes)

    @property
    def types(self) -> list[str]:
        """The types of its loops in NumPy's letters."""
        return list(self.ufunc.types)

    identity = None
    signature = None

    @property
    def __name__(self) -> str:
        return self._name

    @property
    def __wrapped__(self) -> Function:
        return self.function

    def __repr__(self) -> str:
        return f"<map of {self.function!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _map_of, (self.function,)


def vectorize(function: Callable[..., Any]) -> MojoMap:
    r"""Return a Mojo function for each element of arrays: its ``map``.

    Parameters
    ----------
    function : MojoFunction
        A function of numbers.

    Raises
    ------
    TypeError
        It is no Mojo function.

    Examples
    --------
    >>> import mojocell as mc
    >>> add = mc.vectorize(mc.compile("def add(a: Int, b: Int) -> Int:\n    return a + b").add)
    >>> add.outer([1, 2], [10, 20])
    array([[11, 21],
           [12, 22]])
    >>> add.reduce([1, 2, 3])
    np.int64(6)
    """
    found = getattr(function, "map", None)
    if not isinstance(found, MojoMap):
        msg = f"vectorize takes a Mojo function, as a cell or mc.compile gives it, not {function!r}"
        raise TypeError(msg)
    return found


# --- making one ---------------------------------------------------------------------------------


def compile_loops(unit: Unit, *names: str) -> RunResult:
    """Compile the loops of functions, or find them compiled.

    Parameters
    ----------
    unit : Unit
        The source.
    *names : str
        The functions.
    """
    job = unit.job.but(op="compile", exports=None, loops=names, urgency="foreground")
    try:
        result = job.execute()
    except errors.ProtocolError as error:
        raise errors.MojoError(error.message, code=error.code, hint=error.hint) from None
    if result.error is not None:
        raise result.error
    return result


def _entries(compiled: RunResult, name: str) -> list[Mapping[str, Any]]:
    """Return what the compiled loops of a function are, by its overloads."""
    return [entry for entry in compiled.functions if entry["name"] == name]


def _ufunc(unit: Unit, name: str, function: Function, compiled: RunResult) -> Any:
    from mojocell._bridge import Function

    loops = Function(
        name,
        sorted(_entries(compiled, name), key=_rank),
        unit.open(compiled),
        fail=functools.partial(failure, _Compiled(unit, compiled), name),
        reduce=(_ufunc_of, function.__reduce__()),
    )
    if loops.isolated_reason:
        _check_mode(name, loops, loops.isolated_reason)
    _know_pickle()
    return ufunc(loops, functools.partial(_tell_place, name), function.__doc__ or "")


def _check_mode(name: str, function: Function, reason: str | None) -> None:
    if function.mode == "isolated" or reason:
        msg = f"{name} cannot be mapped: it is called isolated" + (f": {reason}" if reason else "")
        hint = f"arrays are mapped in this process: {name}.with_options(mode='inline').map"
        if reason:
            hint = "write a loop over a Span: isolated functions take arrays too"
        raise errors.MojoError(msg, code="invalid_request", hint=hint)


def _rank(entry: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """Let NumPy, which takes the first loop that does, find that of the least wide types."""
    import numpy as np

    from mojocell._bridge import SCALARS

    types = [np.dtype(SCALARS[argument["type"]]) for argument in entry["arguments"]]
    return tuple(("buif".index(dtype.kind), dtype.itemsize) for dtype in types)


def _converted(value: Any, made: Any) -> Any:
    """Let a bare number be of the type of the only loop, as it is where the function itself is called."""
    import numpy as np

    types = {letter for loop in made.types for letter in loop.partition("->")[0]}
    if len(types) != 1 or isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    dtype = np.dtype(types.pop())
    if dtype.kind in "iu" and isinstance(value, float):
        return value
    return dtype.type(value)


def _takes(name: str, made: Any) -> str:
    import numpy as np

    loops = (", ".join(np.dtype(letter).name for letter in loop.partition("->")[0]) for loop in made.types)
    return f"{name} takes {' or '.join(loops)}: give arrays of that, as x.astype(...) makes them, or dtype="


def _tell_place(name: str, error: Any, element: int | None, values: tuple[Any, ...]) -> None:
    """Say in the exception for which element it was raised."""
    called = f"{name}({', '.join(map(repr, values))})"
    place = called if element is None else f"element {element}, {called}"
    error.element = element
    error.message = f"{error.message} ({place})"
    error.args = (error.message,)


# --- pickles ------------------------------------------------------------------------------------


def _map_of(function: Any) -> MojoMap:
    found: MojoMap = function.map
    return found


def _ufunc_of(rebuild: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    return rebuild(*arguments).map.ufunc


@functools.cache
def _know_pickle() -> None:
    """Let ufuncs be pickled whose loops are Mojo; NumPy pickles its own."""
    import copyreg

    import numpy as np

    from mojocell._bridge import loops_of

    before: Any = copyreg.dispatch_table.get(np.ufunc)

    def reduce(made: Any) -> Any:
        loops = loops_of(made)
        if loops is not None:
            return loops.__reduce__()
        return before(made) if before else object.__reduce_ex__(made, 2)

    copyreg.pickle(np.ufunc, reduce)
