"""What MkDocs calls while it builds the site: links to sources are for readers of the repository alone."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?!\w+:|#)([^)\s]+)\)")


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Leave the text alone of a link that leads out of ``docs``: the site has no such file."""
    here = posixpath.dirname(page.file.src_uri)

    def kept(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, found[2]))
        return found[1] if target.startswith("..") else found[0]

    return LINK.sub(kept, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Write the two colons as one that docstrings have before an example."""
    return html.replace("::</p>", ":</p>")
