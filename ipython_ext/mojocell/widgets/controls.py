"""What a person can move, type or choose for one argument of a function.

A control has two sides: the value that the browser holds, a plain JSON value, and the argument that
the function gets. What comes from the browser is checked here before it becomes an argument.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def refuse(value: Any, what: str) -> ValueError:
    """Return the error for a value that a control cannot have."""
    return ValueError(f"{value!r} is not {what}")


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, and not a bool."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Tell whether a value is a whole number, and not a bool."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _number(value: Any, *, whole: bool) -> int | float:
    """Return a number of the browser as one of Python."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise refuse(value, "a number")
    if not whole:
        return float(value)
    if value != int(value):
        raise refuse(value, "a whole number")
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
            if not is_number(bound) or not math.isfinite(bound):
                msg = f"a slider goes from one number to another; its {name} is {bound!r}"
                raise ValueError(msg)
        if not self.low < self.high:
            msg = f"a slider goes from a lower number to a higher one, not from {self.low} to {self.high}"
            raise ValueError(msg)
        if self.step is not None and not (is_number(self.step) and 0 < self.step <= self.high - self.low):
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
        return all(item is None or is_whole(item) for item in (self.low, self.high, self.step))

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
        return is_number(value) and self.low <= value <= self.high and (not self.whole or value == int(value))

    def argument(self, value: Any) -> int | float:
        slack = 0 if self.whole else 1e-9 * (self.high - self.low)
        found = _number(
            self._plain(value) if is_number(value) and not self.whole else value, whole=self.whole
        )
        if not self.low - slack <= found <= self.high + slack:
            raise refuse(value, f"between {self.low} and {self.high}")
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
        if not is_number(self.value) or not math.isfinite(self.value):
            msg = f"a field for a number begins with a number, not with {self.value!r}"
            raise ValueError(msg)
        self.argument(self.start())

    @property
    def whole(self) -> bool:
        """Whether the argument is a whole number."""
        return is_whole(self.value)

    def spec(self) -> dict[str, Any]:
        return {"kind": "number", "low": self.low, "high": self.high, "whole": self.whole}

    def start(self) -> int | float:
        return int(self.value) if self.whole else float(self.value)

    def argument(self, value: Any) -> int | float:
        found = _number(value, whole=self.whole)
        if (self.low is not None and found < self.low) or (self.high is not None and found > self.high):
            low, high = ("" if bound is None else bound for bound in (self.low, self.high))
            raise refuse(value, f"in {low}…{high}")
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
            raise refuse(self.value, f"one of {', '.join(name for name, _ in self._items)}")

    def spec(self) -> dict[str, Any]:
        return {"kind": "choice", "options": [name for name, _ in self._items]}

    def start(self) -> int:
        return next((at for at, (_, item) in enumerate(self._items) if _same(item, self.value)), 0)

    def holds(self, value: Any) -> bool:
        """Whether a value is one of the options."""
        return any(_same(item, value) for _, item in self._items)

    def argument(self, value: Any) -> Any:
        if not is_whole(value) or not 0 <= value < len(self._items):
            raise refuse(value, f"the place of one of {len(self._items)} options")
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
            raise refuse(value, "true or false")
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
            raise refuse(value, "text")
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
