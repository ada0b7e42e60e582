"""``mojocell doctor``: one line a check, with its remedy."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import extras
from mojocell.core import client
from mojocell.errors import MojoError

if TYPE_CHECKING:
    from collections.abc import Callable

#: MB that an installation of Mojo, the cache and a few compilations want.
ROOM = 500
#: The remedy where a part of the package itself is missing.
AGAIN = "install mojocell again, as before, with pip's --force-reinstall"


class Check(NamedTuple):
    """The outcome of one check.

    Attributes
    ----------
    name : str
        What was looked at.
    ok : bool or None
        Whether it is fine; None where it could not be looked at.
    says : str
        What was found.
    remedy : str
        What to do where it is not fine.
    """

    name: str
    ok: bool | None
    says: str
    remedy: str = ""

    def line(self) -> str:
        """Return the line to print.

        Examples
        --------
        >>> Check("disk", False, "12 MB free", "free some room").line()
        'FAIL  disk: 12 MB free -> free some room'
        """
        word = {True: "ok  ", False: "FAIL", None: "skip"}[self.ok]
        return f"{word}  {self.name}: {self.says}" + (
            f" -> {self.remedy}" if self.remedy and self.ok is not True else ""
        )


def run() -> int:
    """Print every check; return 0 when all are fine, else 1."""
    facts: dict[str, Any] = {}
    failed = False
    for check in CHECKS:
        try:
            outcome = check(facts)
        except MojoError as error:
            outcome = Check(check.__name__.strip("_"), False, error.message, error.hint or "")
        except Exception as error:  # noqa: BLE001  (a check that breaks is a finding, the others still count)
            outcome = Check(check.__name__.strip("_"), False, f"{type(error).__name__}: {error}")
        failed |= outcome.ok is False
        print(outcome.line(), flush=True)
    return 1 if failed else 0


def _python(_facts: dict[str, Any]) -> Check:
    fine = sys.version_info >= (3, 11)
    says = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("python", fine, says, "install Python 3.11 or later")


def _package(_facts: dict[str, Any]) -> Check:
    import mojocell

    try:
        from mojocell import _bridge
    except ImportError as error:
        return Check("package", False, f"the C extension is missing: {error}", AGAIN)
    same = mojocell.__version__ == _bridge.VERSION
    says = f"mojocell {mojocell.__version__}, extension {_bridge.VERSION} ({_bridge.BUILD})"
    return Check("package", same, says, AGAIN)


def _executables(_facts: dict[str, Any]) -> Check:
    names = ("mojocelld", "mojocell-runner", os.path.join("shim", "cc"))
    missing = [name for name in names if not os.access(os.path.join(client.LIBEXEC, name), os.X_OK)]
    if missing:
        says = f"{', '.join(missing)} missing in {client.LIBEXEC}"
        return Check("executables", False, says, AGAIN)
    return Check("executables", True, f"in {client.LIBEXEC}")


def _daemon(facts: dict[str, Any]) -> Check:
    from mojocell import api

    facts.update(api.info(), daemon=True)
    return Check("daemon", True, f"answers, pid {facts.get('pid') or client.client().pid}")


def _toolchain(facts: dict[str, Any]) -> Check:
    if not facts.get("daemon"):
        return Check("toolchain", None, "not looked for without a daemon")
    found, problem = facts.get("toolchain"), facts.get("toolchain_problem") or {}
    if not isinstance(found, dict) or not found.get("version"):
        says = str(problem.get("message", "no Mojo compiler found"))
        remedy = str(problem.get("hint", "pip install mojo, or set MOJOCELL_TOOLCHAIN"))
        return Check("toolchain", False, says, remedy)
    facts["found"] = True
    return Check("toolchain", True, f"Mojo {found['version']} in {found.get('root')}")


def _linker(facts: dict[str, Any]) -> Check:
    if not facts.get("daemon"):
        return Check("linker", None, "not looked for without a daemon")
    toolchain = facts.get("toolchain") or {}
    if toolchain.get("has_lld"):
        return Check("linker", True, "the toolchain's own lld")
    system = shutil.which("cc")
    if system:
        return Check("linker", True, f"{system}, because the toolchain has no lld")
    return Check(
        "linker", False, "neither the toolchain's lld nor a cc", "reinstall mojo, or install a C compiler"
    )


def _max(facts: dict[str, Any]) -> Check:
    """Look for Modular's max beside the compiler, and which compiler it was made for."""
    if not facts.get("found"):
        return Check("max", None, "not looked for without a compiler")
    import re
    from importlib.metadata import distributions

    root, version = facts["toolchain"]["root"], facts["toolchain"]["version"]
    found = next(iter(distributions(name="max-core", path=[os.path.dirname(root)])), None)
    if found is None:
        if os.path.exists(os.path.join(root, "lib", "libAsyncRTMojoBindings.so")):
            return Check("max", True, f"in {root}, of a version that it does not tell")
        says = "not there: parallelize and the GPU need it"
        return Check("max", None, says, f"pip install mojo=={version} max")
    wanted = re.search(r"mojo-compiler *== *([\w.]+)", " ".join(found.requires or ()))
    if wanted is not None and wanted[1] != version:
        says = f"{found.version} is for Mojo {wanted[1]}, and the compiler is {version}"
        return Check("max", False, says, f"pip install mojo=={version} max")
    return Check("max", True, f"{found.version}, for Mojo {version}")


def _machine(facts: dict[str, Any]) -> Check:
    from mojocell.core.machine import describe

    found = describe(facts.get("toolchain"))
    return Check("machine", True, found.line())


def _cache(facts: dict[str, Any]) -> Check:
    from mojocell import cache

    counters = cache.stats()
    facts["cache_path"] = counters.get("directory")
    says = f"{counters.get('entries', 0)} entries, {counters.get('bytes', 0) / 1e6:.1f} MB"
    where = f" in {facts['cache_path']}" if facts["cache_path"] else ""
    if counters.get("problem"):
        says = f"cannot be used, so that everything is compiled again: {counters['problem']}"
        return Check(
            "cache", False, says, "close it (chmod 700), or let MOJOCELL_CACHE_DIR name one of yours"
        )
    if counters.get("damaged"):
        return Check("cache", True, f"{says}{where}; {counters['damaged']} damaged entries were dropped")
    return Check("cache", True, says + where)


def _disk(facts: dict[str, Any]) -> Check:
    places = [facts.get("cache_path") or os.path.expanduser("~"), tempfile.gettempdir()]
    existing = [path for path in places if os.path.isdir(path)]
    free = {path: shutil.disk_usage(path).free / 1e6 for path in existing}
    low = [path for path, megabytes in free.items() if megabytes < ROOM]
    says = ", ".join(f"{megabytes:,.0f} MB free in {path}" for path, megabytes in free.items())
    return Check("disk", not low, says, f"free some room: {ROOM} MB are wanted in {', '.join(low)}")


def _program(facts: dict[str, Any]) -> Check:
    if not facts.get("found"):
        return Check("program", None, "not tried without a compiler")
    from mojocell import api
    from mojocell.core.result import status

    result = api.run("def main():\n    print(6 * 7)\n", name="doctor", timeout=60)
    if result.stdout != "42\n":
        return Check("program", False, f"printed {result.stdout!r}, not 42")
    return Check("program", True, f"compiles and runs: {status(result)}")


def _interop(facts: dict[str, Any]) -> Check:
    """Try Python inside Mojo; without a choice of the user's own, a cell may well do without."""
    if not facts.get("found"):
        return Check("interop", None, "Python inside Mojo was not tried without a compiler")
    from mojocell import api
    from mojocell.core import python_inside
    from mojocell.core.result import status

    result = api.run(python_inside.PROBE, name="doctor", timeout=60, check=False)
    if result.error is None:
        return Check("interop", True, f"{result.stdout.strip()}, inside Mojo: {status(result)}")
    chosen = bool(os.environ.get("MOJO_PYTHON") or os.environ.get("MOJO_PYTHON_LIBRARY"))
    says = f"Python inside Mojo cannot be used: {result.error.message.partition(chr(10))[0]}"
    return Check("interop", False if chosen else None, says, result.error.hint or "")


def _jupyterlab(_facts: dict[str, Any]) -> Check:
    from importlib.util import find_spec

    if find_spec("jupyterlab") is None and find_spec("notebook") is None:
        return Check("jupyterlab", None, "neither JupyterLab nor Notebook is installed here")
    place = os.path.join(sysconfig.get_path("data"), "share", "jupyter", "labextensions", "mojocell")
    if os.path.exists(os.path.join(place, "package.json")):
        return Check("jupyterlab", True, f"the extension for %%mojo cells is in {place}")
    says = f"no extension in {place}: %%mojo cells have neither colours nor underlines"
    return Check("jupyterlab", None, says, AGAIN)


def _front_end(extra: str, mark: str, optional: str = "") -> Check:
    """Check what a front end needs, where the package that marks it is here; `optional` may be missing."""
    lacking = extras.missing(extra)
    if any(one.name == mark and one.found is None for one in lacking):
        return Check(extra, None, f"{mark} is not installed here", extras.pip_line(lacking))
    lacking = [one for one in lacking if one.name != optional]
    if lacking:
        says = f"lacks {', '.join(map(str, lacking))}, which notebooks, plots and widgets use"
        return Check(extra, False, says, extras.pip_line(lacking))
    return Check(extra, True, "has all that notebooks, plots and widgets use")


def _jupyter(_facts: dict[str, Any]) -> Check:
    # Not JupyterLab: in VS Code and on hubs a kernel is enough.
    return _front_end("jupyter", "ipykernel", optional="jupyterlab")


def _marimo(_facts: dict[str, Any]) -> Check:
    return _front_end("marimo", "marimo")


CHECKS: tuple[Callable[[dict[str, Any]], Check], ...] = (
    _python,
    _package,
    _executables,
    _daemon,
    _toolchain,
    _linker,
    _max,
    _machine,
    _cache,
    _disk,
    _program,
    _interop,
    _jupyter,
    _jupyterlab,
    _marimo,
)
