"""What the servers that a browser looks at are started with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Milliseconds that a page has for what it has to show: a cell compiles while other tests do.
PATIENCE = 90_000


def environment(directory: Path) -> dict[str, str]:
    """Directories of one's own; a notebook that is opened for editing runs at once, as one chooses in the settings."""
    config = directory / "config" / "marimo"
    config.mkdir(parents=True, exist_ok=True)
    (config / "marimo.toml").write_text("[runtime]\nauto_instantiate = true\n")
    own = {"XDG_CONFIG_HOME": str(config.parent), "MOJOCELL_RUNTIME_DIR": str(directory / "run")}
    return os.environ | own | {"MOJOCELL_CACHE_DIR": str(directory / "cache")}


def stats(env: dict[str, str]) -> dict[str, int]:
    """The counters of the daemon of an environment."""
    words = [sys.executable, "-m", "mojocell", "cache", "stats", "--json"]
    return json.loads(subprocess.run(words, env=env, capture_output=True, check=True).stdout)


def await_stats(env: dict[str, str], condition: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        found = stats(env)
        if condition(found):
            return found
        time.sleep(0.2)
    raise AssertionError(f"the counters stay {found}")
