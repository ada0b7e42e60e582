"""``%python``: Python beside Mojo, in the kernel's own interpreter."""

from __future__ import annotations

import ast
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand


@magics_class
class PythonMagic(Magics):
    """What ``%python`` is where nothing else has taken it away before: on a line, or called by name."""

    @no_var_expand
    @line_cell_magic
    def python(self, line: str, cell: str | None = None) -> Any:
        """Execute Python in the kernel: ``%python x = 3`` above Mojo, ``%%python`` for a whole cell.

        The value of an expression is the result, as in any cell of Python.
        """
        shell: Any = self.shell
        if cell is not None:
            shell.run_cell(f"%%python\n{cell}")
            return None
        if not line.strip():
            msg = "%python needs a statement, as in: %python rate = 1.2"
            raise UsageError(msg)
        tree = ast.parse(line.strip())
        if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
            return eval(line.strip(), shell.user_ns)  # noqa: S307  (the user's own)
        exec(line.strip(), shell.user_ns)  # noqa: S102
        return None
