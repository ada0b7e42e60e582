"""Chromium for the benchmarks that measure what a person at a page waits for."""

from __future__ import annotations

import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, seconds: float = 60) -> None:
    """Waits until a server answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.2)
        else:
            return
    sys.exit(f"nothing answers at {url}")


@contextmanager
def new_pages(count: int) -> Iterator[list[Any]]:
    """Pages of so many browsers, each with a profile of its own."""
    from contextlib import ExitStack

    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        profiles = [
            stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)) for _ in range(count)
        ]
        play = stack.enter_context(sync_playwright())
        contexts = [
            play.chromium.launch_persistent_context(
                profile, executable_path="/usr/bin/chromium", headless=True, args=CHROMIUM
            )
            for profile in profiles
        ]
        yield [context.pages[0] for context in contexts]
        for context in contexts:
            context.close()


@contextmanager
def new_page() -> Iterator[Any]:
    """A page of a browser with a profile of its own."""
    with new_pages(1) as pages:
        yield pages[0]
