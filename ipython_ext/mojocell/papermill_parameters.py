"""What papermill writes into notebooks whose cells are Mojo: parameters are Python's, in a cell of Python.

Mojo takes them from there by name. papermill has no place where others tell it how to write a language; it
imports what is named as an engine, and this module tells it then.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Return what papermill asks for, also while this module imports it: its own engine."""
    if name != "Engine":
        raise AttributeError(name)
    from papermill.engines import NBClientEngine

    return NBClientEngine


from papermill.translators import PythonTranslator, papermill_translators  # noqa: E402  (it may import this one)

_MAGIC = "%%python\n"


class MojoTranslator(PythonTranslator):  # type: ignore[misc]
    """Writes parameters as a cell of Python beside Mojo's, and reads those of such a cell."""

    @classmethod
    def codify(cls, parameters: dict[str, Any], comment: str = "Parameters") -> str:
        """Return the cell with these parameters.

        Examples
        --------
        >>> print(MojoTranslator.codify({"rate": 1.5}))
        %%python
        # Parameters
        rate = 1.5
        <BLANKLINE>
        """
        return _MAGIC + str(super().codify(parameters, comment))

    @classmethod
    def inspect(cls, parameters_cell: Any) -> Any:
        """Return the parameters that a cell has, with their types and what they are without papermill."""
        source = str(parameters_cell["source"]).removeprefix(_MAGIC)
        return super().inspect({**parameters_cell, "source": source})


papermill_translators.register("mojo", MojoTranslator)
