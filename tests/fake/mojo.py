"""A scriptable stand-in for the Mojo compiler.

It takes the command line of the real one and obeys comments of the cell it is given::

    # compile: error MESSAGE | hang | crash [optimized] | flood BYTES | sleep SECONDS | linger
    # compile: wait FILE          until that file is there
    # compile: fixit OLD NEW      an error, until the repaired code has no OLD any more
    # run: print TEXT | sleep SECONDS | exit N | crash | ... (see program.c)

Each compilation adds a line to ``compilations.log`` beside its ``bin`` directory.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = b"MC_FAKE_SCRIPT"
ROOM = 4096


def report(message: str, file: Path, text: str, line: int, fixits: list | None = None) -> None:
    source = text.splitlines()[line - 1]
    diagnostic = {
        "kind": "error",
        "message": message,
        "diagnostic": {
            "file": str(file),
            "location": {"line": line, "column": 0},
            "ranges": [],
            "fixIts": fixits or [],
            "text": source,
        },
    }
    print(json.dumps(diagnostic), file=sys.stderr)


def propose(old: str, new: str, file: Path, text: str) -> int:
    """Say that one word has to be another, where code has it; 1: it has."""
    for number, line in enumerate(text.splitlines(), 1):
        found = None if line.lstrip().startswith("#") else re.search(rf"\b{old}\b", line)
        if found:
            place = [{"line": number, "column": at + 1} for at in found.span()]
            report(
                f"{old} is {new} now", file, text, number, [{"start": place[0], "end": place[1], "text": new}]
            )
            return 1
    return 0


def wait(gate: Path) -> None:
    while not gate.exists():
        time.sleep(0.01)


def obey(directives: list[tuple[int, str]], file: Path, text: str) -> int:
    status = 0
    for line, directive in directives:
        verb, _, rest = directive.partition(" ")
        if verb == "error":
            report(rest, file, text, line)
            status = 1
        elif verb == "fixit":
            status |= propose(*rest.split(), file, text)
        elif verb in ("sleep", "hang"):
            time.sleep(float(rest or 3600))
        elif verb == "wait":
            wait(Path(rest))
        elif verb == "crash" and (rest != "optimized" or "-O0" not in sys.argv):
            os.kill(os.getpid(), signal.SIGSEGV)
        elif verb == "flood":
            sys.stderr.write("x" * int(rest))
        elif verb == "linger":
            subprocess.Popen(["sleep", "600"])
    return status


def build(arguments: list[str]) -> int:
    output = arguments[arguments.index("-o") + 1]
    entry = next(Path(a) for a in arguments if a.endswith(".mojo"))
    module = re.search(r"import (mc_\w+)", entry.read_text())
    file = entry.with_name(f"{module[1]}.mojo") if module else entry
    text = file.read_text()
    with (ROOT / "compilations.log").open("a") as log:
        log.write(f"{file.name}\n")
    found = re.findall(r"^(.*?)# (compile|run): (.*)$", text, re.MULTILINE)
    lines = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = re.search(r"# (compile|run): (.*)$", line)
        if match and found:
            lines.setdefault(match[1], []).append((number, match[2]))
    status = obey(lines.get("compile", []), file, text)
    if status:
        print("mojo: error: failed to parse the provided Mojo source module")
        return status
    script = "\n".join(directive for _, directive in lines.get("run", [])).encode() + b"\0"
    program = (ROOT / "lib" / "program.so").read_bytes()
    at = program.index(MARK)
    Path(output).write_bytes(program[:at] + script.ljust(ROOM, b"\0") + program[at + ROOM :])
    return 0


def main(arguments: list[str]) -> int:
    if "--version" in arguments:
        print("Mojo 1.2.0 (fake)")
        return 0
    if "--print-effective-target" in arguments:
        print("--target-triple x86_64-unknown-linux-gnu --target-cpu fake --target-features +fake")
        return 0
    return build(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
