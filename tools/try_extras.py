"""Install the wheel of dist/ with some of its extras into a new environment and use it as its reader would.

``try_extras.py mojo,jupyter`` executes the blocks of the README and of the first ten minutes that are meant
for such an environment, `mojocell doctor`, and the notebooks that the wheel carries. Nothing but that
environment is on PATH before the system's own programs.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "tools" / "requirements.lock"
PAGES = ("README.md", "docs/first-ten-minutes.md")
#: What is a notebook of marimo, and not a module that one imports.
MARIMO = "app = marimo.App("
#: How this machine reaches the package registries.
KEPT = (
    "PIP_CERT",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
SHUTDOWN = "from mojocell.core import client; client.request({'op': 'shutdown', 'now': True})"


class Environment:
    """A virtual environment in a folder that goes again, with a daemon and a cache of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.bin = place / "venv" / "bin"
        subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
        home = place / "home"
        home.mkdir()
        self.variables = {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(home),
            "MOJOCELL_RUNTIME_DIR": str(place / "run"),
            "MOJOCELL_CACHE_DIR": str(place / "cache"),
        }

    def install(self, extras: str) -> None:
        """Install the wheel with extras, in the versions that are locked."""
        (wheel,) = (ROOT / "dist").glob("mojocell-*.whl")
        wanted = f"mojocell[{extras}] @ {wheel.as_uri()}"
        self.run("python", "-m", "pip", "install", "-q", "-c", str(LOCK), wanted)

    def run(self, program: str, *words: str) -> str:
        """Run a program of the environment in its home; return what it prints, and stop where it fails."""
        print("$", program, *words, flush=True)
        done = subprocess.run(
            [str(self.bin / program), *words],
            cwd=self.variables["HOME"],
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"{done.stdout}\nfailed with {done.returncode}")
        return done.stdout

    def end(self) -> None:
        """End the daemon."""
        self.run("python", "-c", SHUTDOWN)


def notebooks(environment: Environment, extra: str) -> None:
    """Execute the notebooks of the wheel that are meant for a front end."""
    print(environment.run("mojocell", "notebooks", "examples"))
    folder = Path(environment.variables["HOME"]) / "examples"
    if extra == "jupyter":
        for notebook in sorted(folder.glob("*.ipynb")):
            environment.run("jupyter", "execute", str(notebook))
    for notebook in sorted(folder.glob("*.py")):
        if extra == "marimo" and MARIMO in notebook.read_text():
            environment.run("marimo", "export", "html", str(notebook), "-o", f"{notebook.stem}.html")


def main(extras: str) -> None:
    """Try one set of extras."""
    extra = extras.rpartition(",")[2]
    place = Path(tempfile.mkdtemp(prefix="mojocell-extras-"))
    try:
        environment = Environment(place)
        environment.install(extras)
        told = environment.run("mojocell", "doctor")
        print(told)
        if extra != "mojo" and f"ok    {extra}:" not in told:
            sys.exit(f"the doctor finds {extra} not complete")
        for page in PAGES:
            environment.run("python", str(ROOT / "tests" / "py" / "pages.py"), str(ROOT / page), extra)
        notebooks(environment, extra)
        environment.end()
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(f"[{extras}]: the pages, the doctor and the notebooks work")


if __name__ == "__main__":
    main(sys.argv[1])
