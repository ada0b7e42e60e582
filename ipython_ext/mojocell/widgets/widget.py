"""The widget behind `interact`: what passes between a function and its views."""

from __future__ import annotations

import inspect
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mojocell import errors
from mojocell.call.unit import Unit
from mojocell.widgets import still
from mojocell.widgets.caller import Caller, Outcome, Request
from mojocell.widgets.results import present

if TYPE_CHECKING:
    from collections.abc import Callable

    from mojocell.widgets.controls import Control

_HERE = files("mojocell.widgets")
#: The most that is shown of what a call prints, in characters.
_PRINTED = 20_000


class Interaction(anywidget.AnyWidget):
    """Controls, and the newest result of a function; made by `mojocell.interact`.

    A view asks with the message ``{"type": "call", "view": …, "number": …, "values": {…}}`` or
    ``{"type": "stop"}``; the answer to a call is ``{"type": "heard", "view": …}``, at once, and then
    ``state`` with the same ``view`` and ``number``. Every view sees every state, so that several stay alike.

    Attributes
    ----------
    value : object
        The newest result; None after a failure.
    error : BaseException or None
        What the newest call raised; `KeyboardInterrupt` where it was stopped.
    arguments : dict of str
        What the newest call that has ended was called with.
    """

    _esm = (_HERE / "interact.js").read_text("utf-8")
    _css = (_HERE / "interact.css").read_text("utf-8")

    name = traitlets.Unicode().tag(sync=True)
    controls: traitlets.List[Any] = traitlets.List().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    # Whether a view tells by `seen` that it has shown a state: in marimo that lets other cells follow.
    reactive = traitlets.Bool(default_value=False).tag(sync=True)
    seen = traitlets.Int().tag(sync=True)

    value = traitlets.Any()
    error = traitlets.Any()
    arguments = traitlets.Dict()

    def __init__(
        self, function: Callable[..., Any], controls: dict[str, Control], fixed: dict[str, Any], show: str
    ) -> None:
        self._controls, self._fixed, self._show = controls, fixed, show
        self._printed: list[str] = []
        is_mojo = isinstance(getattr(function, "__mojo__", None), Unit) and hasattr(function, "mode")
        called = _capturing(function, self._print) if is_mojo else function
        self._caller = Caller(_by_name(called, function), self._deliver, in_python=not is_mojo)
        self._count = 0
        super().__init__(
            name=getattr(function, "__name__", "function"),
            controls=[
                {"name": name, "label": control.label or name, **control.spec()}
                for name, control in controls.items()
            ],
        )
        self.on_msg(Interaction._receive)
        self._call_first()

    def _call_first(self) -> None:
        """Call with what the controls begin with, in the caller's own thread, as any call in a cell."""
        values = {name: control.start() for name, control in self._controls.items()}
        outcome = Outcome(self._request({"values": values, "view": None, "number": 0}))
        self._caller.call(outcome)
        self._deliver(outcome)
        if isinstance(outcome.error, KeyboardInterrupt):
            raise outcome.error

    def _request(self, tag: dict[str, Any]) -> Request:
        values = tag["values"]
        arguments = {name: control.argument(values.get(name)) for name, control in self._controls.items()}
        return Request({**self._fixed, **arguments}, tag)

    # --- messages ---

    def _receive(self, content: Any, _buffers: Any = None) -> None:
        if not isinstance(content, dict):
            return
        if content.get("type") == "stop":
            self._caller.stop()
        elif content.get("type") == "call":
            values = content.get("values")
            values = values if isinstance(values, dict) else {}
            tag = {"values": values, "view": content.get("view"), "number": content.get("number")}
            self.send({"type": "heard", "view": tag["view"]})
            try:
                request = self._request(tag)
            except ValueError as error:
                self._deliver(Outcome(Request({}, tag), error=error))
            else:
                self._caller.submit(request)

    def _print(self, _stream: str, data: bytes) -> None:
        self._printed.append(data.decode("utf-8", "replace"))

    def _deliver(self, outcome: Outcome) -> None:
        """Tell of an outcome: Python first, so that whoever follows a view finds it."""
        printed, self._printed[:] = "".join(self._printed), []
        error, result = outcome.error, {"kind": "none", "summary": ""}
        if error is None:
            try:
                result = present(outcome.value, self._show)
            except Exception as refused:  # noqa: BLE001  (also what an object's own methods raise)
                error = refused
        self.arguments, self.error = outcome.request.arguments, error
        self.value = outcome.value if error is None else None
        self._count += 1
        self.state = {
            **outcome.request.tag,
            "count": self._count,
            "status": "ready" if error is None else _status(error),
            "seconds": outcome.seconds,
            "result": result,
            "printed": printed[-_PRINTED:],
            "error": None if error is None else describe(error),
        }

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Add the newest result for pages in which no widget runs."""
        made: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**kwargs)
        if made is None:
            return None
        data, metadata = made
        given = ", ".join(f"{name}={_brief(value)}" for name, value in self.arguments.items())
        call = f"{self.name}({given})"
        now = {"text/plain": still.text(call, self.state), "text/html": still.html(call, self.state)}
        return {**data, **now}, metadata

    def close(self) -> None:
        """Stop what is going on and remove the widget from the page."""
        self._caller.close()
        super().close()


def _capturing(function: Any, output: Callable[[str, bytes], object]) -> Callable[..., Any]:
    """Return a Mojo function as one that runs in a worker of its own and prints to ``output``."""
    unit: Unit = function.__mojo__
    return unit.capturing(function.__name__, output, wall=unit.timeout)


def _by_name(called: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that takes by name also what it takes by position only."""
    parameters = inspect.signature(function).parameters.values()
    first = [item.name for item in parameters if item.kind is inspect.Parameter.POSITIONAL_ONLY]
    if not first:
        return called
    return lambda **named: called(*[named.pop(name) for name in first if name in named], **named)


def _brief(value: Any) -> str:
    import reprlib

    return " ".join(reprlib.repr(value).split())


def _status(error: BaseException) -> str:
    return "stopped" if isinstance(error, KeyboardInterrupt) else "failed"


def describe(error: BaseException) -> dict[str, str]:
    """Return an error's class and what it says, in whole, as text.

    Examples
    --------
    >>> describe(ValueError("too small"))
    {'name': 'ValueError', 'text': 'too small'}
    """
    text = error.render() if isinstance(error, errors.MojoError) else str(error)
    return {"name": type(error).__name__, "text": text}
