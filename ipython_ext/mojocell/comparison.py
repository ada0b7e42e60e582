"""A Python function beside its Mojo counterpart: equal results, then the times of both."""

from __future__ import annotations

import cmath
import copy
import functools
import gc
import html
import itertools
import statistics
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Make = Callable[[Any], tuple[Any, ...]]

ROUNDS = 9
ROUND_SECONDS = 0.02
LOOKED_AT = 10_000
"""How many of the numbers that differ are looked at for what that may come from."""
MOST_CALLS = 1 << 30
COPIES = 256
"""How many copies of arguments that are changed in place there may be at a time."""


class Times(NamedTuple):
    """How long a call takes, in seconds."""

    median: float
    low: float
    high: float
    calls: int
    """In each round."""

    @property
    def spread(self) -> float:
        """Half of the distance between the quartiles, as a share of the median."""
        return (self.high - self.low) / 2 / self.median if self.median else 0.0


class Row(NamedTuple):
    """One size."""

    size: Any
    python: Times
    mojo: Times

    @property
    def speedup(self) -> float:
        """How many times as fast Mojo is."""
        return self.python.median / self.mojo.median


class Comparison:
    """What `compare` found; shows itself as a table.

    Attributes
    ----------
    rows : list of Row
        One for each size.
    python, mojo : str
        The names of the functions.
    value : object
        What both returned for the last size.

    Examples
    --------
    >>> fast = compare(lambda n: n + 1, lambda n: 1 + n, args=(3,))
    >>> fast.value, len(fast.rows)
    (4, 1)
    """

    def __init__(self, rows: list[Row], python: str, mojo: str, value: Any) -> None:
        self.rows = rows
        self.python = python
        self.mojo = mojo
        self.value = value

    @property
    def speedup(self) -> float:
        """How many times as fast Mojo is, for the last size."""
        return self.rows[-1].speedup

    @property
    def table(self) -> list[dict[str, Any]]:
        """The rows as plain values, for a data frame."""
        return [
            {
                "size": row.size,
                "python": row.python.median,
                "python_spread": row.python.spread,
                "mojo": row.mojo.median,
                "mojo_spread": row.mojo.spread,
                "speedup": row.speedup,
            }
            for row in self.rows
        ]

    def _cells(self) -> list[list[str]]:
        sized = any(row.size is not None for row in self.rows)
        head = ["size"] * sized + [f"Python {self.python}", f"Mojo {self.mojo}", "speed-up"]
        lines = [head]
        for row in self.rows:
            first = [_number(row.size)] * sized
            lines.append([*first, _times(row.python), _times(row.mojo), _ratio(row.speedup)])
        return lines

    def __repr__(self) -> str:
        lines = self._cells()
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        text = [
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        ]
        return "\n".join([*text, "equal results; median of a call, with its spread"])

    def _repr_html_(self) -> str:
        head, *lines = self._cells()
        top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>" for line in lines
        )
        return (
            '<table class="mojocell-compare" style="text-align: right">'
            "<caption>Equal results; median of a call, with its spread</caption>"
            f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _mime_(self) -> tuple[str, str]:
        """Show it in marimo."""
        return "text/html", self._repr_html_()

    def plot(self, ax: Any = None) -> Any:
        """Draw the times over the sizes, or as bars where there is one size, with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            matplotlib is not installed.
        """
        try:
            from matplotlib import pyplot as plt
        except ImportError:
            msg = "plot() draws with matplotlib, which is not installed: pip install matplotlib"
            raise ImportError(msg) from None
        if ax is None:
            ax = plt.subplots(layout="constrained")[1]
            ax._ipython_display_ = _nothing  # the figure is what a notebook shows
        names = (f"Python {self.python}", f"Mojo {self.mojo}")
        series = [[row.python for row in self.rows], [row.mojo for row in self.rows]]
        sizes = [row.size for row in self.rows]
        if len(self.rows) > 1 and all(isinstance(size, int | float) for size in sizes):
            for name, times in zip(names, series, strict=True):
                ax.plot(sizes, [each.median for each in times], marker="o", label=name)
                ax.fill_between(sizes, [each.low for each in times], [each.high for each in times], alpha=0.2)
            ax.set(xscale="log", yscale="log", xlabel="size")
            ax.legend()
        else:
            labels = [
                f"{name}\n{_number(row.size)}" if row.size is not None else name
                for row in self.rows
                for name in names
            ]
            ax.bar(labels, [each.median for pair in zip(*series, strict=True) for each in pair])
            ax.set(yscale="log")
        ax.set_ylabel("seconds a call")
        return ax


def _nothing() -> None:
    """Display nothing."""


def compare(
    python: Callable[..., Any],
    mojo: Callable[..., Any],
    *,
    args: Sequence[Any] | None = None,
    sizes: Iterable[Any] | None = None,
    make: Make | None = None,
    rtol: float = 1e-9,
    atol: float = 0.0,
    rounds: int = ROUNDS,
) -> Comparison:
    """See that two functions give the same, then time both.

    Parameters
    ----------
    python, mojo : callable
        The two; any callables will do.
    args : sequence, optional
        The arguments of one call. Functions that change them get copies, in each timed call too; what
        copying takes is not counted.
    sizes : iterable, optional
        Several sizes; each is the one argument, or what ``make`` makes the arguments of.
    make : callable, optional
        Gives the arguments, a tuple, for a size. It is called anew for each of the two.
    rtol, atol : float
        How far numbers may differ, relative and absolute; integers may not.
    rounds : int
        How often each is measured; the two take turns.

    Returns
    -------
    Comparison

    Raises
    ------
    AssertionError
        The results differ; the message shows where first, and what it may come from where it looks like
        what Mojo computes otherwise than Python: rounding, NaN, Ints. Arguments that are changed in place
        count as results.
    TypeError, ValueError
        Not exactly one of ``args`` and ``sizes`` is given, or there is nothing to measure.

    Examples
    --------
    >>> import mojocell as mc
    >>> twice = mc.compile("def twice(n: Int) -> Int: return 2 * n").twice
    >>> mc.compare(lambda n: 2 * n, twice, args=(21,)).value
    42
    """
    if (args is None) == (sizes is None):
        msg = "compare takes either args or sizes"
        raise TypeError(msg)
    if rounds < 1:
        msg = f"rounds must be at least 1, not {rounds}"
        raise ValueError(msg)
    cases = [None] if sizes is None else list(sizes)
    if not cases:
        msg = "sizes is empty"
        raise ValueError(msg)
    rows, value = [], None
    for size in cases:
        arguments = _arguments(args, size, make)
        value, changes = _check(python, mojo, arguments, size, tolerance=(rtol, atol))
        rows.append(Row(size, *measure(python, mojo, arguments, rounds, anew=changes)))
    return Comparison(rows, _name(python), _name(mojo), value)


def _arguments(args: Sequence[Any] | None, size: Any, make: Make | None) -> Callable[[], tuple[Any, ...]]:
    """Return what makes the arguments anew."""
    if args is not None:
        given = tuple(args)
        return lambda: copy.deepcopy(given)
    if make is None:
        return lambda: (size,)

    def made() -> tuple[Any, ...]:
        found = make(size)
        if not isinstance(found, tuple):
            msg = f"make must give a tuple of arguments, not {type(found).__name__}"
            raise TypeError(msg)
        return found

    # Random arguments would not be equal twice.
    first = made()
    return lambda: copy.deepcopy(first)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", None) or type(function).__name__)


# --- equal ------------------------------------------------------------------------------------


class _Difference(NamedTuple):
    """Where two values differ first, in words, and the numbers that do."""

    text: str
    pairs: list[tuple[Any, Any]]


def _check(
    python: Callable[..., Any],
    mojo: Callable[..., Any],
    arguments: Callable[[], tuple[Any, ...]],
    size: Any,
    *,
    tolerance: tuple[float, float],
) -> tuple[Any, bool]:
    """Return what both give, and whether they change their arguments."""
    ours, theirs = arguments(), arguments()
    wanted, found = python(*theirs), mojo(*ours)
    where = f" (size {_number(size)})" if size is not None else ""
    difference = _difference(wanted, found, *tolerance)
    if difference:
        msg = f"the results differ{where}: {difference.text}{_cause(difference, mojo)}"
        raise AssertionError(msg)
    for number, (left, right) in enumerate(zip(theirs, ours, strict=True), 1):
        difference = _difference(left, right, *tolerance)
        if difference:
            text = f"{difference.text}{_cause(difference, mojo)}"
            msg = f"argument {number} differs after the call{where}: {text}"
            raise AssertionError(msg)
    changes = any(_difference(*pair, 0.0, 0.0) for pair in zip(arguments(), ours, strict=True))
    return found, changes


def _cause(difference: _Difference, mojo: Callable[..., Any]) -> str:
    """Say what the difference may come from, where it need not be a wrong answer."""
    source = getattr(getattr(mojo, "__mojo__", None), "source", "")
    found = differences.cause(difference.pairs, source if isinstance(source, str) else "")
    return f"; this may be {found} (docs/howto/numbers-beside-numpy)" if found else ""


def _difference(wanted: Any, found: Any, rtol: float, atol: float) -> _Difference | None:
    """Return where two values differ first; None where they are equal."""
    if _is_array(wanted) or _is_array(found):
        return _array_difference(wanted, found, rtol, atol)
    if isinstance(wanted, list | tuple) and isinstance(found, list | tuple):
        if len(wanted) != len(found):
            return _Difference(f"Python gives {len(wanted)} values, Mojo {len(found)}", [])
        for place, pair in enumerate(zip(wanted, found, strict=True)):
            difference = _difference(*pair, rtol, atol)
            if difference:
                return difference._replace(text=f"at {place}, {difference.text}")
        return None
    numbers = _is_number(wanted) and _is_number(found)
    if _is_close(wanted, found, rtol, atol) if numbers else bool(wanted == found):
        return None
    text = f"Python gives {_short(wanted)}, Mojo {_short(found)}"
    return _Difference(text, [(wanted, found)] if numbers else [])


def _is_close(wanted: Any, found: Any, rtol: float, atol: float) -> bool:
    if wanted == found or (wanted != wanted and found != found):  # noqa: PLR0124  (not a number)
        return True
    if isinstance(wanted, int) and isinstance(found, int):
        return False
    try:
        left, right = (each if isinstance(each, complex) else float(each) for each in (wanted, found))
    except OverflowError:
        return False
    return cmath.isfinite(left) and abs(left - right) <= atol + rtol * abs(left)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | complex) or (
        hasattr(value, "__float__") and not hasattr(value, "__len__")
    )


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") and bool(getattr(value, "shape", ()))


def _array_difference(wanted: Any, found: Any, rtol: float, atol: float) -> _Difference | None:
    import numpy as np

    left, right = np.asarray(wanted), np.asarray(found)
    if left.shape != right.shape:
        return _Difference(f"Python gives the shape {left.shape}, Mojo {right.shape}", [])
    kinds = {left.dtype.kind, right.dtype.kind}
    if kinds <= set("fcbiu") and kinds & set("fc"):
        equal = np.isclose(left, right, rtol=rtol, atol=atol, equal_nan=True)
    else:
        equal = left == right
    if np.all(equal):
        return None
    place = tuple(int(i) for i in np.argwhere(~equal)[0])
    shown = place[0] if len(place) == 1 else place
    text = f"at {shown}, Python gives {_short(left[place])}, Mojo {_short(right[place])}"
    numbers = kinds <= set("fcbiu")
    pairs = zip(left[~equal][:LOOKED_AT].tolist(), right[~equal][:LOOKED_AT].tolist(), strict=True)
    return _Difference(text, list(pairs) if numbers else [])


def _short(value: Any) -> str:
    text = repr(value.item() if hasattr(value, "item") and not getattr(value, "shape", ()) else value)
    return text if len(text) < 60 else text[:57] + "..."


# --- times ------------------------------------------------------------------------------------


def measure(
    python: Callable[..., Any],
    mojo: Callable[..., Any],
    arguments: Callable[[], tuple[Any, ...]],
    rounds: int,
    *,
    anew: bool,
) -> tuple[Times, Times]:
    """Time both in turns, so that what else the machine does meets both.

    Parameters
    ----------
    python, mojo : callable
        The two.
    arguments : callable
        Makes the arguments.
    rounds : int
        How often each is measured.
    anew : bool
        Whether each call needs arguments of its own.
    """
    makes = [arguments if anew else functools.partial(_same, arguments()) for _ in range(2)]
    first, second = _in_turns(
        list(zip((python, mojo), makes, strict=True)), rounds, COPIES if anew else MOST_CALLS
    )
    return first, second


def alone(
    function: Callable[..., Any], arguments: Callable[[], tuple[Any, ...]], rounds: int, *, anew: bool
) -> Times:
    """Time one, as `measure` times two."""
    make = arguments if anew else functools.partial(_same, arguments())
    return _in_turns([(function, make)], rounds, COPIES if anew else MOST_CALLS)[0]


def _in_turns(
    calls: list[tuple[Callable[..., Any], Callable[[], tuple[Any, ...]]]], rounds: int, limit: int
) -> list[Times]:
    counts = [_count(*call, limit) for call in calls]
    seconds: list[list[float]] = [[] for _ in calls]
    enabled = gc.isenabled()
    gc.disable()
    try:
        for number in range(rounds):
            for which in range(len(calls))[:: 1 if number % 2 == 0 else -1]:
                seconds[which].append(_round(*calls[which], counts[which]) / counts[which])
    finally:
        if enabled:
            gc.enable()
    return [_summary(each, count) for each, count in zip(seconds, counts, strict=True)]


def _same(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return arguments


def _round(function: Callable[..., Any], make: Callable[[], tuple[Any, ...]], count: int) -> float:
    """Return how long calls take; the arguments of all are made before the clock starts."""
    if isinstance(make, functools.partial):
        every: Iterable[tuple[Any, ...]] = itertools.repeat(make(), count)
    else:
        every = [make() for _ in range(count)]
    start = time.perf_counter()
    for each in every:
        function(*each)
    return time.perf_counter() - start


def _count(function: Callable[..., Any], make: Callable[[], tuple[Any, ...]], limit: int) -> int:
    """Return how many calls make a round that is long enough to be measured, up to a limit."""
    count = 1
    while (took := _round(function, make, count)) < ROUND_SECONDS / 2 and count < limit:
        count = max(count * 2, int(count * ROUND_SECONDS / took)) if took > 0 else count * 10
        count = min(count, limit)
    return count


def _summary(seconds: list[float], count: int) -> Times:
    if len(seconds) < 4:
        return Times(statistics.median(seconds), min(seconds), max(seconds), count)
    low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return Times(median, low, high, count)


# --- words ------------------------------------------------------------------------------------


def _times(times: Times) -> str:
    return f"{seconds(times.median)} ± {times.spread:.0%}"


def seconds(value: float) -> str:
    """Return a duration in three digits.

    Examples
    --------
    >>> [seconds(value) for value in (1.574, 0.0003, 17.2e-9)]
    ['1.57 s', '300 µs', '17.2 ns']
    """
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def _ratio(value: float) -> str:
    return f"{value:.3g} times" if value < 1000 else f"{value:,.0f} times"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
