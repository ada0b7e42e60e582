"""`interact`: a function with controls for its arguments and its newest result beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mojocell import hosts
from mojocell.widgets.results import known
from mojocell.widgets.signature import controls_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mojocell.widgets.widget import Interaction


def interact(function: Callable[..., Any], show: str = "auto", /, **controls: Any) -> Interaction:
    r"""Show a function with controls for its arguments, and its newest result beside them.

    The newest value wins: positions that a later one has overtaken are never computed, and nothing stale
    is shown after it. A call that takes long shows that and can be stopped. What goes wrong is shown in its
    place; the controls go on working.

    A Mojo function is called isolated, in a worker of its own, whatever its mode: a crash or an endless loop
    ends that worker and nothing else, and what it prints is shown below the result. A Python function is
    called in a thread of this process.

    Parameters
    ----------
    function : callable
        A Mojo function or a Python one.
    show : {"auto", "text", "table", "line", "image"}, positional only
        How results are shown. ``"auto"``: arrays and lists of numbers as a line, mappings and tuples of such
        as several; arrays of two dimensions (from 16 by 16) and of three (colours) as an image; mappings,
        records and rows as a table; figures and what has a picture or HTML of its own as that; anything else
        as text.
    **controls
        By parameter. ``(low, high)``, ``(low, high, step)`` and ``range`` are sliders; a list, a mapping of
        names or an `enum.Enum` a choice; a bool a checkbox; a number or a text a field that begins with it; a
        control of `mojocell.widgets` is itself. Anything else is passed as it is. Parameters that are not
        named get a control by their hints (``Annotated[int, (1, 30)]`` and ``Literal["a", "b"]`` too) and
        defaults.

    Returns
    -------
    Interaction
        An anywidget. ``value`` is the newest result, None after a failure; ``error`` the exception or None;
        ``arguments`` what it was called with; all three can be observed. In marimo it is wrapped by
        ``mo.ui.anywidget``: cells that use it run again after each call, and its ``value`` raises what the
        call raised.

    Raises
    ------
    TypeError
        There is no such parameter, or one without a default has no control.
    ValueError
        A control that cannot be, such as a slider from 3 to 1.
    ImportError
        The package anywidget is not installed.

    Examples
    --------
    >>> import mojocell as mc
    >>> source = '''
    ... def scaled(n: Int, x: Float64 = 0.5, down: Bool = False) -> Float64:
    ...     return Float64(n) * (-x if down else x)
    ... '''
    >>> w = mc.interact(mc.compile(source).scaled, n=(1, 30), x=(0.0, 1.0, 0.01))
    >>> w.arguments
    {'n': 15, 'x': 0.5, 'down': False}
    >>> w.value
    7.5
    """
    if not callable(function):
        msg = f"interact takes a function, which {function!r} is not"
        raise TypeError(msg)
    made, fixed = controls_of(function, controls)
    known(show)
    try:
        from mojocell.widgets.widget import Interaction
    except ImportError as error:
        msg = f"mc.interact needs anywidget, which cannot be imported ({error}): pip install anywidget"
        raise ImportError(msg, name=error.name) from None
    widget = Interaction(function, made, fixed, show)
    return hosts.current().element(widget)  # type: ignore[no-any-return]
