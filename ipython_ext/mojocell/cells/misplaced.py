"""What stands where `%%mojo` cannot be seen, told before IPython says something else of it."""

from __future__ import annotations

import re

_MAGIC = re.compile(r"%%mojo(?![\w.])")
_HELP = re.compile(r"%%mojo\s+(?:--help|-h|\?)\s*\Z")


def lead_on(lines: list[str]) -> list[str]:
    r"""Return a cell as it is, but ``%%mojo --help`` alone as a line; for IPython's transformers.

    Raises
    ------
    SyntaxError
        ``%%mojo`` stands below something else, where it is no cell magic.

    Examples
    --------
    >>> lead_on(["%%mojo --help\n"])
    ['%mojo --help\n']
    >>> lead_on(["%%mojo\n", "print(1)\n"])
    ['%%mojo\n', 'print(1)\n']
    """
    text = "".join(lines).strip()
    if _HELP.match(text):
        return ["%mojo --help\n"]
    rows = [row for row, line in enumerate(lines) if _MAGIC.match(line)]
    if rows and not text.startswith("%%"):
        for row in rows:
            if _begins_statement(lines[: row + 1]):
                msg = "%%mojo stands in a cell's first line: put what is above it into a cell of its own"
                raise SyntaxError(msg, ("cell", row + 1, 1, lines[row]))
    return lines


def _begins_statement(lines: list[str]) -> bool:
    """Tell whether the last line is none of a string or bracket."""
    from IPython.core.inputtransformer2 import make_tokens_by_line

    return any(
        tokens[0].start == (len(lines), 0) and tokens[0].string == "%"
        for tokens in make_tokens_by_line(lines)
        if tokens
    )
