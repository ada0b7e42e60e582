"""What MkDocs calls while it builds the site: links to sources are for readers of the repository alone."""

from __future__ import annotations

import posixpath
import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

PROTOCOL = Path(__file__).resolve().parents[1] / "runtime" / "protocol"
TABLE = re.compile(r"^<!-- ((?:request|event): \S+) -->$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?!\w+:|#)([^)\s]+)\)")


def tables() -> dict[str, str]:
    """Return the tables of the protocol, made of its schemas, by what a page calls them."""
    maker = runpy.run_path(str(PROTOCOL / "maker"))
    asked: dict[str, str] = maker["markdown"](maker["Schema"](PROTOCOL / "request.schema.json"))
    told: dict[str, str] = maker["events"](PROTOCOL / "event.schema.json")
    made = {"request": asked, "event": told}
    return {f"{kind}: {name}": text for kind, found in made.items() for name, text in found.items()}


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Put tables in; of a link that leads out of ``docs`` leave the text alone: the site has no such file."""
    if TABLE.search(markdown):
        made = tables()
        markdown = TABLE.sub(lambda found: made[found[1]], markdown)
    here = posixpath.dirname(page.file.src_uri)

    def kept(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, found[2]))
        return found[1] if target.startswith("..") else found[0]

    return LINK.sub(kept, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Write the two colons as one that docstrings have before an example."""
    return html.replace("::</p>", ":</p>")
