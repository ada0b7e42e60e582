"""The compiler by itself, as `mojo build` has it, beside Mojocell: what both make of one program."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import mojocell as mc

#: What a program may see of the environment of the tests; the same on both sides.
PASSED = ("HOME", "LANG", "PATH", "MOJOCELL_RUNTIME_DIR", "MOJOCELL_CACHE_DIR")


def toolchain() -> Path:
    """The compiler that the tests are for."""
    return Path(os.environ.get("MOJOCELL_TEST_TOOLCHAIN") or Path(sysconfig.get_path("purelib")) / "modular")


@dataclass(frozen=True)
class Call:
    """How a program is started."""

    args: tuple[str, ...] = ()
    stdin: str = ""
    env: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class End:
    """What came of it: a negative status is a signal, as `subprocess` has it."""

    stdout: str
    stderr: str
    status: int


@dataclass(frozen=True)
class Difference:
    """What the two do not have in common, by design: what is cut from the output of each, and why."""

    name: str
    where: str
    cut: re.Pattern[str]
    reason: str


#: All of them; docs/limits.md has their names and reasons.
DIFFERENCES = (
    Difference(
        "the text of a failed check",
        "stdout",
        re.compile(r"^At: [^\n]*\.mojo:\d+:\d+: Assert Error: [^\n]*\n", re.MULTILINE),
        "it is the error's message, with the cell's line",
    ),
    Difference(
        "the text of `abort()`",
        "stdout",
        re.compile(r"ABORT: [^\n]*?:\d+:\d+:.*\Z", re.DOTALL),
        "it is the error's message, with the cell's line",
    ),
    Difference(
        "the backtrace of a crash",
        "stderr",
        re.compile(r"^ *#\d+ 0x[0-9a-f]+ [^\n]*\n?", re.MULTILINE),
        "it has addresses, and names of Mojo's inside",
    ),
    Difference(
        "the advice to enable stack traces",
        "stderr",
        re.compile(r"^stack trace was not collected\. [^\n]*\n", re.MULTILINE),
        "it stands above every error that leaves `main`",
    ),
)


def common(end: End) -> End:
    """Return it without what the two do not have in common."""
    parts = {"stdout": end.stdout, "stderr": end.stderr}
    for difference in DIFFERENCES:
        parts[difference.where] = difference.cut.sub("", parts[difference.where])
    return End(parts["stdout"], parts["stderr"], end.status)


class RefusedError(Exception):
    """The compiler refused a program."""


class Bare:
    """Programs as `mojo build` makes them, each built once."""

    def __init__(self, root: Path, directory: Path) -> None:
        self.root = root
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)

    def build(self, source: str, *flags: str) -> Path:
        """Build a program; return the executable."""
        name = hashlib.sha256(f"{source}{flags}".encode()).hexdigest()[:16]
        program, file = self.directory / name, self.directory / f"{name}.mojo"
        if not program.exists():
            file.write_bytes(source.encode())
            words = [self.root / "bin" / "mojo", "build", *flags, file, "-o", program]
            done = subprocess.run(words, env=self._environment(), capture_output=True, text=True, check=False)
            if done.returncode:
                raise RefusedError(done.stderr)
        return program

    def _environment(self) -> dict[str, str]:
        """What the `mojo` of a Python environment gives the compiler."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "MODULAR_MAX_PACKAGE_ROOT": str(self.root),
            "MODULAR_MOJO_MAX_PACKAGE_ROOT": str(self.root),
            "MODULAR_MOJO_MAX_DRIVER_PATH": str(self.root / "bin" / "mojo"),
            "MODULAR_MOJO_MAX_IMPORT_PATH": str(self.root / "lib" / "mojo"),
        }

    def run(self, source: str, call: Call, cwd: Path, *flags: str) -> End:
        """Build a program and run it."""
        done = subprocess.run(
            ["cell", *call.args],
            executable=self.build(source, *flags),
            input=call.stdin.encode(),
            env=environment(call, self.root),
            cwd=cwd,
            capture_output=True,
            timeout=60,
            check=False,
        )
        stdout, stderr = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return End(stdout, stderr, done.returncode)


def environment(call: Call, root: Path) -> dict[str, str]:
    """Return what the program sees; the compiler is looked for in it as well."""
    passed = {name: os.environ[name] for name in PASSED if name in os.environ}
    return {**passed, "MOJOCELL_TOOLCHAIN": str(root), **call.env}


def product(source: str, call: Call, root: Path, cwd: Path) -> tuple[End, mc.RunResult]:
    """Run a program as a cell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOJOCELL_TOOLCHAIN", str(root))  # this process's setting comes before the program's
        result = mc.run(
            source, args=call.args, stdin=call.stdin, env=environment(call, root), cwd=cwd, check=False
        )
    if isinstance(result.error, mc.MojoCompileError):
        raise RefusedError(str(result.error))
    assert os.path.samefile(result.toolchain["root"], root)
    status = result.returncode if result.signal is None else -result.signal
    assert status is not None, result.error
    return End(result.stdout, result.stderr, status), result


def compare(bare: Bare, source: str, call: Call, directory: Path) -> None:
    """Fail where the two differ in more than is documented, or where what was cut is lost."""
    try:
        bare.build(source)
    except RefusedError:
        with pytest.raises(RefusedError):
            product(source, call, bare.root, directory)
        return
    ends, files = [], []
    for name in ("bare", "product"):
        cwd = directory / name
        cwd.mkdir()
        if name == "bare":
            ends.append(bare.run(source, call, cwd))
        else:
            end, result = product(source, call, bare.root, cwd)
            ends.append(end)
        files.append({path.name: path.read_bytes() for path in cwd.iterdir()})
    assert common(ends[1]) == common(ends[0])
    assert files[1] == files[0]
    for difference in DIFFERENCES[:2]:
        for words in difference.cut.findall(ends[0].stdout)[:1]:
            text = re.sub(r"^(ABORT|At): .*?:\d+:\d+:( Assert Error:)? ?", "", words).strip()
            assert result.error is not None
            assert text.split("\n")[0] in result.error.message
