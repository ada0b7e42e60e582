"""Look through the built site: pages fetch nothing from another host, and what they fetch is there."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE = Path(__file__).resolve().parents[1] / "build" / "site"
FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}
#: Links of a page's head that are followed by a person or a robot, not fetched to show the page.
FOLLOWED = {"canonical", "prev", "next", "alternate"}


class Page(HTMLParser):
    """Collects what a page fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an address."""
        given = dict(attrs)
        address = given.get(FETCHED.get(tag, ""))
        if address and (given.get("rel") or "") not in FOLLOWED:
            self.fetched.append(address)


def complaints(site: Path) -> list[str]:
    """Return a text for each address that a page should not fetch, or cannot."""
    found = []
    for path in sorted(site.rglob("*.html")):
        page = Page()
        page.feed(path.read_text())
        for address in page.fetched:
            parts = urlsplit(address)
            base = site if parts.path.startswith("/") else path.parent
            if parts.scheme == "data":
                continue
            if parts.netloc or not (base / unquote(parts.path).lstrip("/")).exists():
                found.append(f"{path.relative_to(site)}: {address}")
    for path in sorted(site.rglob("*.css")):
        foreign = re.findall(r"(?:@import\s+|url\()[\"']?((?:https?:)?//[^\"')\s]+)", path.read_text())
        found += [f"{path.relative_to(site)}: {address}" for address in foreign]
    return found


if __name__ == "__main__":
    if not (SITE / "index.html").exists():
        sys.exit(f"there is no site in {SITE}")
    wrong = complaints(SITE)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(bool(wrong))
