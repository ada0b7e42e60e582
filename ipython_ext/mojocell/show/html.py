"""Pieces of HTML; whatever comes from elsewhere is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mojocell.show.output import Limiter

if TYPE_CHECKING:
    from collections.abc import Iterable

Bundle = dict[str, str]

#: How standard error stands out.
EDGES = {"stdout": "", "stderr": "border-left:3px solid #c62828;padding-left:.5em"}


def escape(text: str) -> str:
    """Escape text for HTML, for attributes as well.

    Examples
    --------
    >>> escape('<a href="x">')
    '&lt;a href=&quot;x&quot;&gt;'
    """
    table = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
    return "".join(table.get(char, char) for char in text)


def ink(color: str) -> str:
    """Return the declaration of a colour of text that can be read on light and on dark ground.

    It is mixed with the colour of the text around it, which every theme chooses for its ground; what does not
    know mixing has the colour itself.

    Examples
    --------
    >>> ink("#c62828")
    'color:#c62828;color:color-mix(in srgb,#c62828 50%,currentColor)'
    """
    return f"color:{color};color:color-mix(in srgb,{color} 50%,currentColor)"


def bundle(text: str, *, dim: bool = False) -> Bundle:
    """Return text as a MIME bundle, the HTML saying the same."""
    style = "font-size:.85em;opacity:.8" if dim else ""
    return {
        "text/plain": text,
        "text/html": f'<div class="mojocell" style="{style}">{escape(text)}</div>',
    }


def printed(text: str, style: str = "", limit: int = 100_000) -> str:
    """Return what a program printed, of much the beginning and the end."""
    if not text:
        return ""
    limiter = Limiter(limit - limit // 5, limit // 5)
    shown = limiter.feed(text)
    shown += limiter.finish()
    return f'<pre class="mojocell" style="margin:0;white-space:pre-wrap;{style}">{escape(shown)}</pre>'


def streams(pieces: Iterable[tuple[str, str]], limit: int = 100_000) -> str:
    """Return what a program wrote, in its order, standard error marked; of much the ends of each stream.

    Examples
    --------
    >>> streams([("stdout", "a"), ("stderr", "b")]).count("<pre")
    2
    """
    pieces = list(pieces)
    if sum(len(text) for _, text in pieces) > limit:
        pieces = [(name, "".join(text for stream, text in pieces if stream == name)) for name in EDGES]
    return "".join(printed(text, EDGES[stream], limit) for stream, text in pieces)


def code(source: str) -> str:
    """Return Mojo source in colours, by the classes of Pygments.

    Examples
    --------
    >>> "codehilite" in code("def main(): pass")
    True
    """
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name("mojo")
    except ClassNotFound:
        lexer = get_lexer_by_name("python")
    text = highlight(source.strip("\n"), lexer, HtmlFormatter(cssclass="codehilite"))
    return f'<div tabindex="0" style="margin-bottom:.75em;overflow-x:auto">{text}</div>'
