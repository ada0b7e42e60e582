"""What a person can move, type or choose for one argument of a function.

A control has two sides: the value that the browser holds, a plain JSON value, and the argument that
the function gets. What comes from the browser is checked here before it becomes an argument.
"""

from __future__ import annotations

import enum
import inspect
import math
import numbers
import typing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Beyond it JavaScript's numbers skip whole ones.
_MOST = 2**53


class Control:
    """The base of all controls.

    Attributes
    ----------
    label : str or None
        What stands beside it; None: the parameter's name.
    """

    label: str | None = None

    def spec(self) -> dict[str, Any]:
        """Return what the browser makes it from: ``kind`` and what that kind needs."""
        raise NotImplementedError

    def start(self) -> Any:
        """Return the browser's value that it begins with."""
        raise NotImplementedError

    def argument(self, value: Any) -> Any:
        """Return the function's argument for a value of the browser.

        Raises
        ------
        ValueError
            The control cannot have that value.
        """
        raise NotImplementedError


def _refuse(value: Any, what: str) -> ValueError:
    return ValueError(f"{value!r} is not {what}")


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _number(value: Any, *, whole: bool) -> int | float:
    """Return a number of the browser as one of Python."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _refuse(value, "a number")
    if not whole:
        return float(value)
    if value != int(value):
        raise _refuse(value, "a whole number")
    return int(value)


@dataclass(frozen=True)
class Slider(Control):
    """A slider between two numbers, both included.

    Parameters
    ----------
    low, high : int or float
        The ends. Where these and the step are whole numbers, so is the argument.
    step : int or float, optional
        Between neighbouring values. Default: 1 for whole numbers, otherwise a round number near a
        hundredth of the range.
    value : int or float, optional
        Where it begins. Default: the function's default where it lies on the slider, otherwise the
        middle.
    label : str, optional
        What stands beside it. Default: the parameter's name.

    Raises
    ------
    ValueError
        ``low`` is not below ``high``, the step is not positive, or the value lies outside.

    Examples
    --------
    >>> Slider(0.0, 1.0, 0.25).spec()
    {'kind': 'slider', 'low': 0.0, 'high': 1.0, 'step': 0.25, 'digits': 2, 'whole': False}
    """

    low: float
    high: float
    step: float | None = None
    value: float | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        for name, bound in (("low", self.low), ("high", self.high)):
            if not _is_number(bound) or not math.isfinite(bound):
                msg = f"a slider goes from one number to another; its {name} is {bound!r}"
                raise ValueError(msg)
        if not self.low < self.high:
            msg = f"a slider goes from a lower number to a higher one, not from {self.low} to {self.high}"
            raise ValueError(msg)
        if self.step is not None and not (_is_number(self.step) and 0 < self.step <= self.high - self.low):
            msg = f"the step of a slider from {self.low} to {self.high} cannot be {self.step!r}"
            raise ValueError(msg)
        if self.whole and max(abs(self.low), abs(self.high)) > _MOST:
            msg = f"a slider of whole numbers goes no further than {_MOST}"
            raise ValueError(msg)
        if self.value is not None:
            self.argument(self.value)

    @property
    def whole(self) -> bool:
        """Whether the argument is a whole number."""
        return all(item is None or _whole(item) for item in (self.low, self.high, self.step))

    def spec(self) -> dict[str, Any]:
        step = self._step()
        return {
            "kind": "slider",
            "low": self._plain(self.low),
            "high": self._plain(self.high),
            "step": step,
            "digits": 0 if self.whole else _digits(step, self.low),
            "whole": self.whole,
        }

    def _step(self) -> int | float:
        step = (
            self.step
            if self.step is not None
            else (1 if self.whole else _round((self.high - self.low) / 100))
        )
        return self._plain(step)

    def _plain(self, value: Any) -> int | float:
        return int(value) if self.whole else float(value)

    def start(self) -> int | float:
        if self.value is not None:
            return self._plain(self.value)
        step = self._step()
        steps = math.floor((self.high - self.low) / step / 2 + 1e-9)
        return self._plain(self.low + steps * step)

    def holds(self, value: Any) -> bool:
        """Whether a number lies on it."""
        return (
            _is_number(value) and self.low <= value <= self.high and (not self.whole or value == int(value))
        )

    def argument(self, value: Any) -> int | float:
        slack = 0 if self.whole else 1e-9 * (self.high - self.low)
        found = _number(
            self._plain(value) if _is_number(value) and not self.whole else value, whole=self.whole
        )
        if not self.low - slack <= found <= self.high + slack:
            raise _refuse(value, f"between {self.low} and {self.high}")
        return min(max(found, self._plain(self.low)), self._plain(self.high))


def _round(value: float) -> float:
    """Return the nearest of 1, 2 and 5 times a power of ten."""
    power = math.floor(math.log10(value))
    factor = min((1, 2, 5, 10), key=lambda factor: abs(math.log(value / 10**power / factor)))
    return float(f"{factor}e{power}")


def _digits(step: float, low: float) -> int:
    """Return how many decimals tell the values of a slider apart."""
    for digits in range(13):
        if all(math.isclose(round(item, digits), item, rel_tol=1e-9, abs_tol=1e-12) for item in (step, low)):
            return digits
    return 12


@dataclass(frozen=True)
class Number(Control):
    """A field for a number.

    Parameters
    ----------
    value : int or float
        What it begins with. An `int` makes it a field for whole numbers.
    low, high : int or float, optional
        The bounds, included. Default: none.
    label : str, optional
        What stands beside it.

    Examples
    --------
    >>> Number(3, low=0).argument(7)
    7
    """

    value: float = 0
    low: float | None = None
    high: float | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if not _is_number(self.value) or not math.isfinite(self.value):
            msg = f"a field for a number begins with a number, not with {self.value!r}"
            raise ValueError(msg)
        self.argument(self.start())

    @property
    def whole(self) -> bool:
        """Whether the argument is a whole number."""
        return _whole(self.value)

    def spec(self) -> dict[str, Any]:
        return {"kind": "number", "low": self.low, "high": self.high, "whole": self.whole}

    def start(self) -> int | float:
        return int(self.value) if self.whole else float(self.value)

    def argument(self, value: Any) -> int | float:
        found = _number(value, whole=self.whole)
        if (self.low is not None and found < self.low) or (self.high is not None and found > self.high):
            low, high = ("" if bound is None else bound for bound in (self.low, self.high))
            raise _refuse(value, f"in {low}…{high}")
        return found


@dataclass(frozen=True)
class Choice(Control):
    """A list to choose from.

    Parameters
    ----------
    options : sequence or mapping
        What there is to choose: the arguments themselves, or names of arguments.
    value : object, optional
        The argument that it begins with. Default: the function's default where it is one of them,
        otherwise the first.
    label : str, optional
        What stands beside it.

    Raises
    ------
    ValueError
        There is nothing to choose, or the value is none of the options.

    Examples
    --------
    >>> Choice({"slow": 1, "fast": 8}).argument(1)
    8
    """

    options: Sequence[Any] | Mapping[str, Any]
    value: Any = None
    label: str | None = None
    _items: list[tuple[str, Any]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        items = (
            self.options.items()
            if hasattr(self.options, "items")
            else ((str(item), item) for item in self.options)
        )
        object.__setattr__(self, "_items", [(str(name), item) for name, item in items])
        if not self._items:
            msg = "there is nothing to choose from: the options are empty"
            raise ValueError(msg)
        if self.value is not None and not self.holds(self.value):
            raise _refuse(self.value, f"one of {', '.join(name for name, _ in self._items)}")

    def spec(self) -> dict[str, Any]:
        return {"kind": "choice", "options": [name for name, _ in self._items]}

    def start(self) -> int:
        return next((at for at, (_, item) in enumerate(self._items) if _same(item, self.value)), 0)

    def holds(self, value: Any) -> bool:
        """Whether a value is one of the options."""
        return any(_same(item, value) for _, item in self._items)

    def argument(self, value: Any) -> Any:
        if not _whole(value) or not 0 <= value < len(self._items):
            raise _refuse(value, f"the place of one of {len(self._items)} options")
        return self._items[value][1]


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and bool(one == other))


@dataclass(frozen=True)
class Checkbox(Control):
    """A box for yes and no.

    Parameters
    ----------
    value : bool
        What it begins with.
    label : str, optional
        What stands beside it.
    """

    value: bool = False
    label: str | None = None

    def spec(self) -> dict[str, Any]:
        return {"kind": "checkbox"}

    def start(self) -> bool:
        return bool(self.value)

    def argument(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise _refuse(value, "true or false")
        return value


@dataclass(frozen=True)
class Text(Control):
    """A field for text.

    Parameters
    ----------
    value : str
        What it begins with.
    label : str, optional
        What stands beside it.
    """

    value: str = ""
    label: str | None = None

    def spec(self) -> dict[str, Any]:
        return {"kind": "text", "lines": "\n" in self.value}

    def start(self) -> str:
        return self.value

    def argument(self, value: Any) -> str:
        if not isinstance(value, str):
            raise _refuse(value, "text")
        return value


@dataclass(frozen=True)
class Fixed:
    """An argument that has no control: always the same object.

    Parameters
    ----------
    value : object
        The argument.
    """

    value: Any


# --- from what a caller says, and from signatures ------------------------------------------------


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
    elif _is_number(given):
        made = Number(_as_hinted(given, hint))
    elif isinstance(given, str):
        made = Text(given)
    elif isinstance(given, range) and len(given) > 1:
        made = _slider((given.start, given[-1], given.step), hint, default)
    elif isinstance(given, tuple) and given and all(_is_number(item) for item in given):
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
            raise _refuse(value, "a whole number, as the parameter wants")
        return int(value)
    return float(value) if kind is float or not _whole(value) else int(value)


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
    if isinstance(default, (bool, str)) or _is_number(default):
        return control_of(default, kind)
    if default is not empty:
        return None
    starts = {bool: Checkbox(), int: Number(0), float: Number(0.0), str: Text()}
    return starts.get(kind) if isinstance(kind, type) else None
