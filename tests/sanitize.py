"""Runs tests of the extension under the address and undefined-behaviour sanitizers: build/sanitize-python.

The package is put together in the build's folder, beside the sanitized extension. What the sanitizers say of any process
fails the run, and so does memory that our own C took and nobody holds any more when the interpreter ends. Of CPython's
own allocations the leak detector cannot tell what is lost: `test_leaks.py` counts those.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "sanitize-python"
TESTS = ("function", "arrays", "bind", "bridge", "convert", "api", "worker", "leaks")
#: They measure memory or time, which a sanitizer takes; or end the process that LeakSanitizer is to look at.
LEFT_OUT = "not ten_million and not leave_nothing_behind and not behind"
OPTIONS = {
    "detect_leaks": 1,
    "allocator_may_return_null": 1,
    # Crashes are what the guard is for.
    **dict.fromkeys(("handle_segv", "handle_abort", "handle_sigbus", "handle_sigfpe", "handle_sigill"), 0),
    "use_sigaltstack": 0,
}
LEAK = re.compile(r"^(?:Direct|Indirect) leak of .*?(?=^$)", re.MULTILINE | re.DOTALL)
FRAME = re.compile(r"#\d+ 0x[0-9a-f]+ in (\S+) (\S+)")


def package() -> Path:
    """Put the package together; return where it is."""
    place = BUILD / "package"
    shutil.rmtree(place, ignore_errors=True)
    install = ["cmake", "--install", BUILD, "--component", "python", "--prefix", place]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(ROOT / "ipython_ext" / "mojocell", place / "mojocell", dirs_exist_ok=True)
    return place


def libraries() -> str:
    """Return the sanitizers' own libraries, which have to be there before all others."""
    names = ("libasan.so", "libubsan.so")
    commands = ([os.environ.get("CC", "gcc"), f"-print-file-name={name}"] for name in names)
    return " ".join(subprocess.check_output(command, text=True).strip() for command in commands)


def is_ours(leak: str) -> bool:
    """Tell whether our own C took the memory: its frame comes before the first of CPython's."""
    for name, place in FRAME.findall(leak):
        if name.startswith(("Py", "_Py")):
            return False
        if "/kernel_bridge/" in place or "/runtime/" in place:
            return True
    return False


def complaints(log: str) -> list[str]:
    """Return what a log has that fails the run."""
    found = [leak for leak in LEAK.findall(log + "\n\n") if is_ours(leak)]
    other = "AddressSanitizer" in log.replace("SUMMARY: AddressSanitizer", "") or "runtime error:" in log
    return [*found, log] if other else found


def main() -> int:
    """Run the tests, or those that are named."""
    with tempfile.TemporaryDirectory() as logs:
        options = {**OPTIONS, "log_path": f"{logs}/log"}
        environment = {
            **os.environ,
            "PYTHONPATH": str(package()),
            "PYTHONMALLOC": "malloc",
            "LD_PRELOAD": libraries(),
            "ASAN_OPTIONS": ":".join(f"{name}={value}" for name, value in options.items()),
            "LSAN_OPTIONS": "exitcode=0",
            "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={logs}/log",
            "MOJOCELL_FAKE_DAEMON": str(ROOT / "build/sanitize/tests/c/fake_daemon"),
        }
        tests = sys.argv[1:] or [f"tests/py/test_{name}.py" for name in TESTS]
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", LEFT_OUT, *tests]
        status = subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode
        told = [
            said for path in Path(logs).iterdir() for said in complaints(path.read_text(errors="replace"))
        ]
    print(*told, sep="\n\n")
    print(f"{len(told)} complaints of the sanitizers")
    return status or bool(told)


if __name__ == "__main__":
    sys.exit(main())
