"""Widgets: controls beside a function's result, the same in marimo, JupyterLab, Notebook, VS Code and Colab.

`interact` makes the controls; the classes of `mojocell.widgets.controls` say more about one than a tuple can.
"""

from __future__ import annotations

from mojocell.widgets.controls import Checkbox, Choice, Fixed, Number, Slider, Text
from mojocell.widgets.interaction import interact

__all__ = ["Checkbox", "Choice", "Fixed", "Number", "Slider", "Text", "interact"]
