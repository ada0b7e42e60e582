"""Mojo in the place of a Python function: `mojo`."""

from __future__ import annotations

import functools
import inspect
import sys
import textwrap
import threading
from typing import TYPE_CHECKING, Any, TypeVar, overload

from mojocell import template
from mojocell.docstring_source import Doc, docstring
from mojocell.errors import MojoCompileError, MojoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mojocell._bridge import Function as MojoFunction

    PythonFunction = TypeVar("PythonFunction", bound=Callable[..., Any])


@overload
def mojo(source: str, /, **options: Any) -> Callable[[Callable[..., Any]], MojoFunction]: ...


@overload
def mojo(function: Callable[..., Any], /) -> Any: ...


@overload
def mojo(**options: Any) -> Callable[[Callable[..., Any]], Any]: ...


def mojo(what: Any = None, /, **options: Any) -> Any:
    r"""Let Mojo stand in for a Python function.

    With source as its argument, above a function without a body, it gives the Mojo function of that
    name::

        @mojo(r'''
        def twice(n: Int) -> Int:
            return 2 * n
        ''')
        def twice(n): ...

    Without it, the source is the function's docstring: either a Mojo function of the same name, or a
    program with ``main`` in which ``{{n}}`` stands for the parameter ``n``. Of a program, what it
    prints is the result, as a value of the annotated type. A parameter in the code of ``main`` is
    passed at run time, so that new values do not compile again.

    Parameters
    ----------
    what : str or callable
        The source, or the function.
    **options
        ``mode``, ``nogil``, ``exports``, ``using``, ``flags``, ``modernize``, as for `compile`; of a
        program ``flags``, ``modernize`` and ``timeout``, the seconds of a call.

    Returns
    -------
    MojoFunction, or MojoProgram for a docstring with a program
        With source or options alone, the decorator. To have functions of a source without Python
        ones to stand in for, use `compile`.

    Raises
    ------
    TypeError
        The function cannot be stood in for; the message says why.
    MojoCompileError
        The source does not compile.

    Examples
    --------
    >>> import mojocell as mc
    >>> @mc.mojo('''
    ... def twice(n: Int) -> Int:
    ...     return 2 * n
    ... ''')
    ... def twice(n): ...
    >>> twice(21)
    42
    """
    if isinstance(what, str):
        return Source(textwrap.dedent(what), options)
    if what is None:
        return functools.partial(_documented, options=options)
    return _documented(what, options=options)


# --- typed functions --------------------------------------------------------------------------


class Source:
    """Mojo source on its way to the Python function below it: the decorator ``mojo(source)``.

    Examples
    --------
    >>> Source("def twice(n: Int) -> Int: return 2 * n", {}).twice
    Traceback (most recent call last):
    ...
    AttributeError: mojo(source) is a decorator, without 'twice'; mc.compile(source).twice is the function
    """

    def __init__(self, source: str, options: Mapping[str, Any]) -> None:
        self._source = source
        self._options = options

    def __call__(self, function: Any) -> MojoFunction:
        """Return the Mojo function of that name."""
        return _typed(self._source, self._options, function)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        msg = f"mojo(source) is a decorator, without {name!r}; mc.compile(source).{name} is the function"
        raise AttributeError(msg, name=name, obj=self)

    def __repr__(self) -> str:
        return "<mojo(source): a decorator; mc.compile(source) gives the functions of a source>"


def _typed(source: str, options: Mapping[str, Any], function: Any) -> MojoFunction:
    """Return the function of a source that has the name and the arguments of a Python function."""
    from mojocell import api

    _check(function)
    name = function.__name__
    module = api.compile(source, **{"name": name, **options})
    if name not in module.functions:
        reason = module.skipped.get(name)
        known = ", ".join(module.functions) or "none"
        msg = (
            f"{name} cannot be called from Python: {reason}"
            if reason
            else f"the Mojo source defines no function {name}; it defines {known}"
        )
        raise MojoError(msg, code="not_found", hint=f"give both the same name, {name}")
    made: MojoFunction = getattr(module, name)
    _check_arguments(function, module.compiled.functions)
    return made


def _check_arguments(function: Any, entries: Any) -> None:
    """See that Python's arguments are those of Mojo, of one of its overloads."""
    wanted = list(inspect.signature(function).parameters)
    found = [
        [str(argument["name"]) for argument in entry["arguments"]]
        for entry in entries
        if entry["name"] == function.__name__
    ]
    if wanted not in found:
        msg = (
            f"{function.__name__} has the arguments ({', '.join(wanted)}) in Python and "
            f"({', '.join(found[0] if found else ())}) in Mojo; give both the same"
        )
        raise TypeError(msg)


def _check(function: Any) -> None:
    if isinstance(function, staticmethod | classmethod | property) or not inspect.isfunction(function):
        msg = (
            f"@mojo stands above a plain function, which {function!r} is not; "
            "mc.compile(source) gives the functions of a source"
        )
        raise TypeError(msg)
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        msg = f"{function.__name__}: @mojo cannot stand in for an async function or a generator"
        raise TypeError(msg)
    first = next(iter(inspect.signature(function).parameters), None)
    if first in ("self", "cls") and "." in function.__qualname__.replace("<locals>.", ""):
        msg = f"{function.__qualname__}: @mojo cannot stand in for a method; write a function and call it"
        raise TypeError(msg)


# --- the source in a docstring ----------------------------------------------------------------


def _documented(function: Any, *, options: Mapping[str, Any]) -> Any:
    _check(function)
    doc = docstring(function)
    pieces = template.split(doc.source)
    try:
        if any(piece.kind == "main" for piece in pieces):
            return MojoProgram(function, doc, **options)
        if any(piece.kind != "text" for piece in pieces):
            msg = f"{function.__name__}: {{{{...}}}} needs a program with def main() around it"
            raise MojoError(msg, code="invalid_cell")
        return _typed(doc.source, options, function)
    except MojoCompileError as error:
        _add_doubt(error, doc)
        raise


def _add_doubt(error: MojoError, doc: Doc) -> None:
    if doc.doubt:
        error.hint = f"{error.hint}; {doc.doubt}" if error.hint else doc.doubt


# --- programs ---------------------------------------------------------------------------------


class MojoProgram:
    """A Mojo program in a docstring, called as a Python function.

    Parameters
    ----------
    function : function
        The Python function: its parameters are what ``{{name}}`` stands for, its annotations their
        types and that of the result.
    doc : Doc
        The program.
    flags, modernize
        As for `compile`.
    timeout : float, optional
        Seconds that a call may take.

    Attributes
    ----------
    mojo_source : str
        The program.

    Examples
    --------
    >>> import mojocell as mc
    >>> @mc.mojo
    ... def power(base: int, exponent: int) -> int:
    ...     '''
    ...     def main():
    ...         print({{base}} ** {{exponent}})
    ...     '''
    >>> power(2, 10), power(3, 4)
    (1024, 81)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        doc: Doc,
        *,
        flags: Any = (),
        modernize: bool | None = None,
        timeout: float | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.mojo_source = doc.source
        self._doc = doc
        self._flags: list[str] = list(flags)
        self._modernize = modernize
        self._timeout = timeout
        self._pieces = template.split(doc.source)
        self._signature = inspect.signature(function)
        self._annotations = _annotations(function)
        self._written: set[str] = set()
        self._compiled: dict[tuple[Any, ...], _Compiled] = {}
        unknown = [name for name in template.names(doc.source) if name not in self._signature.parameters]
        if unknown:
            msg = f"{function.__name__}: {{{{{unknown[0]}}}}} is no parameter of the function"
            raise TypeError(msg)
        result = self._annotations.get("return", str)
        result = type(None) if result is None else result
        if result not in template.TYPES and result is not type(None):
            shown = getattr(result, "__name__", result)
            msg = f"{function.__name__}: a program gives an int, float, bool, str or None, not {shown}"
            raise TypeError(msg)
        self._result = result

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program with these values and return what it prints."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = {name: self._value(name, value) for name, value in bound.arguments.items()}
        text = self._run(values)
        if self._result is type(None):
            sys.stdout.write(text)
            return None
        return template.read(text, self._result, self.__name__)  # type: ignore[attr-defined]

    def _value(self, name: str, value: Any) -> Any:
        """Return a value as the type that the annotation, or the value itself, asks for."""
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(value, numpy.generic):
            value = value.item()
        kind = self._annotations.get(name)
        if kind not in template.TYPES:
            kind = next((each for each in template.TYPES if isinstance(value, each)), None)
        if kind is float and not isinstance(value, bool | str) and hasattr(value, "__float__"):
            return float(value)
        if kind is int and not isinstance(value, bool | float) and hasattr(value, "__index__"):
            return int(value.__index__())
        if kind is None or not isinstance(value, kind):
            wanted = "a bool, int, float or str" if kind is None else f"of type {kind.__name__}"
            msg = f"{self.__name__}: {name} must be {wanted}, not {value!r}"  # type: ignore[attr-defined]
            raise TypeError(msg)
        return kind(value)  # and not of a subclass

    def _run(self, values: dict[str, Any]) -> str:
        compiled, arguments = self._prepare(values)
        return compiled.call(arguments)

    def _prepare(self, values: dict[str, Any]) -> tuple[_Compiled, list[Any]]:
        """Return what is to be called with which arguments; compiles where that is new."""
        free = [name for name in template.parameters(self._pieces) if name not in self._written]
        types = {name: template.TYPES[type(values[name])] for name in free}
        used = template.names(self.mojo_source)
        written = {name: values[name] for name in used if name not in types}
        key = (tuple(types.items()), tuple((name, repr(value)) for name, value in written.items()))
        found = self._compiled.get(key)
        if found is None:
            try:
                found = self._compile(types, written)
            except MojoCompileError as error:
                if not types:
                    _add_doubt(error, self._doc)
                    raise
                return self._write_in(values, error)
            self._compiled[key] = found
        return found, [values[name] for name in types]

    def _write_in(self, values: dict[str, Any], first: MojoCompileError) -> tuple[_Compiled, list[Any]]:
        """Write all values into the source: the program wants them when it is compiled."""
        before = set(self._written)
        self._written = set(values)
        try:
            return self._prepare(values)
        except MojoCompileError:
            self._written = before
            _add_doubt(first, self._doc)
            raise first from None

    def _compile(self, types: Mapping[str, str], written: Mapping[str, Any]) -> _Compiled:
        from mojocell import api

        source = template.render(self._pieces, types, written)
        module = api.compile(
            source,
            mode="isolated",
            exports=[template.ENTRY],
            flags=self._flags,
            modernize=self._modernize,
            name=self.__name__,  # type: ignore[attr-defined]
        )
        if template.ENTRY not in module.functions:
            reason = module.skipped.get(template.ENTRY, "it has no main()")
            msg = f"{self.__name__} cannot be run: {reason}"  # type: ignore[attr-defined]
            raise MojoError(msg)
        return _Compiled(module, self._timeout)

    def __repr__(self) -> str:
        return f"<Mojo program {self.__name__}{self._signature}>"  # type: ignore[attr-defined]


class _Compiled:
    """A compiled program, called in workers that hand back what it prints."""

    def __init__(self, module: Any, timeout: float | None) -> None:
        self._printed = threading.local()
        self._function = module.__mojo__.capturing(template.ENTRY, self._take, wall=timeout)

    def _take(self, _stream: str, data: bytes) -> None:
        if _stream == "stdout":
            self._printed.pieces.append(data)
        else:
            sys.stderr.write(data.decode("utf-8", "replace"))

    def call(self, arguments: list[Any]) -> str:
        self._printed.pieces = []
        try:
            self._function(*arguments)
        except BaseException:
            sys.stdout.write(self._text())
            raise
        return self._text()

    def _text(self) -> str:
        return b"".join(self._printed.pieces).decode("utf-8", "replace")


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations as types, as far as they are known where the function is."""
    try:
        return dict(inspect.get_annotations(function, eval_str=True))
    except Exception:  # noqa: BLE001  (whatever evaluating somebody's annotation raises)
        plain = {kind.__name__: kind for kind in template.TYPES}
        plain["None"] = type(None)
        found = {}
        for name, value in function.__annotations__.items():
            kind = plain.get(value) if isinstance(value, str) else value
            if kind is not None:
                found[name] = kind
        return found
