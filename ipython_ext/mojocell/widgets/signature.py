"""Which controls a function has: by what a caller says of its parameters, by their hints and defaults."""

from __future__ import annotations

import enum
import inspect
import typing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mojocell.widgets.controls import (
    Checkbox,
    Choice,
    Control,
    Fixed,
    Number,
    Slider,
    Text,
    is_number,
    is_whole,
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def controls_of(
    function: Callable[..., Any], given: Mapping[str, Any]
) -> tuple[dict[str, Control], dict[str, Any]]:
    """Return the controls for a function's arguments, and the arguments that have none.

    Parameters
    ----------
    function : callable
        With a signature; hints and defaults decide what the caller does not say.
    given : mapping
        By parameter: a control, or what one is made from.

    Returns
    -------
    controls : dict of str
        In the order of the parameters.
    fixed : dict of str
        The other arguments that are to be passed.

    Raises
    ------
    TypeError
        A parameter that must have a value gets none, or there is no such parameter.

    Examples
    --------
    >>> def f(n: int, x: float = 0.5, *, data=None): ...
    >>> controls_of(f, {"n": (1, 30)})
    ({'n': Slider(low=1, high=30, step=None, value=None, label=None), 'x': Number(value=0.5, ...)}, {})
    """
    name = getattr(function, "__name__", "the function")
    parameters, takes_all = _parameters(function)
    unknown = [key for key in given if key not in parameters]
    if unknown and not takes_all:
        has = f"its parameters are {', '.join(parameters)}" if parameters else "it has none"
        msg = f"{name} has no parameter {unknown[0]!r}; {has}"
        raise TypeError(msg)
    hints = _hints(function)
    controls: dict[str, Control] = {}
    fixed: dict[str, Any] = {}
    for key in (*parameters, *unknown):
        parameter = parameters.get(key)
        default = parameter.default if parameter else inspect.Parameter.empty
        hint = hints.get(key, parameter.annotation if parameter else inspect.Parameter.empty)
        try:
            made = control_of(given[key], hint, default) if key in given else _unsaid(hint, default)
        except (TypeError, ValueError) as error:
            msg = f"{name}: the control of {key}: {error}"
            raise type(error)(msg) from None
        if isinstance(made, Control):
            controls[key] = made
        elif isinstance(made, Fixed):
            fixed[key] = made.value
        elif default is inspect.Parameter.empty:
            msg = (
                f"{name}: {key} has no control, and none can be made from {_said(hint)}; give it a value, "
                f"{key}=value, or a control, {key}=(low, high)"
            )
            raise TypeError(msg)
    return controls, fixed


def _parameters(function: Callable[..., Any]) -> tuple[dict[str, inspect.Parameter], bool]:
    signature = inspect.signature(function)
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {name: item for name, item in signature.parameters.items() if item.kind not in kinds}
    takes_all = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in signature.parameters.values())
    return named, takes_all


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(getattr(function, "__wrapped__", function), include_extras=True)
    except Exception:  # noqa: BLE001  (hints may name whatever is not there; they only help)
        return {}


def _said(hint: Any) -> str:
    return "nothing" if hint is inspect.Parameter.empty else getattr(hint, "__name__", str(hint))


def control_of(given: Any, hint: Any = Any, default: Any = inspect.Parameter.empty) -> Control | Fixed:
    """Return the control that a caller's value stands for.

    Parameters
    ----------
    given : object
        A control; two or three numbers or a `range`: a slider; a list, a mapping or an `Enum`: a choice; a
        number, a bool or a text: a field that begins with it. Anything else is passed as it is.
    hint : type
        Of the parameter: a slider of two whole numbers for a `float` has steps of a hundredth.
    default : object
        Of the parameter: what it begins with, where it can.

    Examples
    --------
    >>> control_of((0, 1), float).spec()["step"]
    0.01
    >>> control_of(["a", "b"], str, "b").start()
    1
    """
    if isinstance(given, (Control, Fixed)):
        return given
    made: Control | Fixed = Fixed(given)
    if isinstance(given, type) and issubclass(given, enum.Enum):
        made = _choice({item.name: item for item in given}, default)
    elif isinstance(given, bool):
        made = Checkbox(given)
    elif is_number(given):
        made = Number(_as_hinted(given, hint))
    elif isinstance(given, str):
        made = Text(given)
    elif isinstance(given, range) and len(given) > 1:
        made = _slider((given.start, given[-1], given.step), hint, default)
    elif isinstance(given, tuple) and given and all(is_number(item) for item in given):
        if len(given) not in (2, 3):
            msg = f"a slider is (low, high) or (low, high, step), not {given!r}; a list is a choice"
            raise ValueError(msg)
        made = _slider(given, hint, default)
    elif isinstance(given, (list, tuple, dict, range)):
        made = _choice(given, default)
    return made


def _slider(bounds: tuple[Any, ...], hint: Any, default: Any) -> Slider:
    low, high, *step = (_as_hinted(item, hint) for item in bounds)
    made = Slider(low, high, step[0] if step else None)
    return replace(made, value=default) if made.holds(default) else made


def _choice(options: Any, default: Any) -> Choice:
    made = Choice(options)
    return Choice(options, default) if made.holds(default) else made


def _as_hinted(value: Any, hint: Any) -> int | float:
    """Return a plain number of the type that the parameter wants."""
    kind = _plain_type(hint)
    if kind is int:
        if value != int(value):
            raise refuse(value, "a whole number, as the parameter wants")
        return int(value)
    return float(value) if kind is float or not is_whole(value) else int(value)


def _plain_type(hint: Any) -> Any:
    """Return the type of a hint without None and what is annotated."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    kinds = [item for item in typing.get_args(hint) if item is not type(None)]
    is_optional = type(None) in typing.get_args(hint)
    return kinds[0] if is_optional and len(kinds) == 1 else hint


def _unsaid(hint: Any, default: Any) -> Control | Fixed | None:
    """Return the control of a parameter of which the caller says nothing; None: it has none."""
    empty = inspect.Parameter.empty
    if typing.get_origin(hint) is typing.Annotated:
        kind, *extras = typing.get_args(hint)
        for extra in extras:
            made = control_of(extra, kind, default)
            if isinstance(made, Control) and not isinstance(made, Text):
                return made
        hint = kind
    kind = _plain_type(hint)
    if typing.get_origin(kind) is typing.Literal:
        return _choice(list(typing.get_args(kind)), default)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return control_of(kind, kind, default)
    if isinstance(default, (bool, str)) or is_number(default):
        return control_of(default, kind)
    if default is not empty:
        return None
    starts = {bool: Checkbox(), int: Number(0), float: Number(0.0), str: Text()}
    return starts.get(kind) if isinstance(kind, type) else None
