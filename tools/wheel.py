"""Make a wheel that carries its C libraries, in dist/, and try it.

libzmq, jansson and the C++ runtime are linked in. auditwheel copies libcrypto in, for the extension and
the programs alike, and tags the wheel with the oldest glibc that it runs with.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "build" / "wheels" / "static"
DIST = ROOT / "dist"
NEWEST_GLIBC = (2, 34)
PROGRAMS = ("mojocelld", "mojocell-runner", "shim/cc")


def repair() -> Path:
    """Return the wheel with its libraries."""
    (built,) = BUILT.glob("*.whl")
    for old in DIST.glob("mojocell-*.whl"):
        old.unlink()
    subprocess.run(["auditwheel", "repair", "--strip", "-w", str(DIST), str(built)], check=True)
    (wheel,) = DIST.glob("mojocell-*.whl")
    return wheel


def look(wheel: Path) -> None:
    """Print what the wheel carries; fail where a program is missing or its tag asks for too new a glibc."""
    glibc = min(
        tuple(map(int, tag.split("_")[1:3]))
        for tag in wheel.stem.split("-")[-1].split(".")
        if tag.startswith("many")
    )
    with zipfile.ZipFile(wheel) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
    missing = [name for name in PROGRAMS if f"mojocell/_libexec/{name}" not in entries]
    plain = [
        name
        for name in PROGRAMS
        if name not in missing and not _executable(entries[f"mojocell/_libexec/{name}"])
    ]
    carried = sorted(Path(name).name for name in entries if ".libs/" in name and ".so" in name)
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, glibc {glibc[0]}.{glibc[1]} or later")
    print("carries " + ", ".join(carried))
    if missing or plain or glibc > NEWEST_GLIBC:
        sys.exit(f"missing: {missing}; not executable: {plain}; glibc {glibc} where {NEWEST_GLIBC} is wanted")


def _executable(entry: zipfile.ZipInfo) -> bool:
    return bool(entry.external_attr >> 16 & 0o100)


def try_out(wheel: Path) -> None:
    """Install the wheel into a new environment; run programs with nothing else on PATH."""
    place = Path(tempfile.mkdtemp(prefix="mojocell-wheel-"))
    try:
        python = place / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, f"mojocell[mojo] @ {wheel.as_uri()}", "ipython"], check=True)
        environment = {
            "PATH": str(python.parent),
            "HOME": str(place),
            "MOJOCELL_RUNTIME_DIR": str(place / "run"),
            "MOJOCELL_CACHE_DIR": str(place / "cache"),
        }
        subprocess.run(
            [str(python), str(ROOT / "tests" / "smoke.py")], check=True, env=environment, cwd=place
        )
        subprocess.run([str(python.parent / "mojocell"), "doctor"], check=True, env=environment, cwd=place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    DIST.mkdir(exist_ok=True)
    made = repair()
    look(made)
    try_out(made)
