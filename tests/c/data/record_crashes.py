#!/usr/bin/env python3
"""Record what crashed programs leave on their output: record_crashes.py MODULAR_DIRECTORY [NAME…].

Needs a C compiler. Addresses are replaced, and the compiler's directory by /t.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

from record import environment

HERE = pathlib.Path(__file__).parent / "crashes"


def record(root: pathlib.Path, source: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "mc_cell.mojo").write_bytes(source.read_bytes())
        entry, program = pathlib.Path(directory, "mc_entry.mojo"), pathlib.Path(directory, "program")
        entry.write_text("import mc_cell as m\n\n\ndef main() raises:\n    m.main()\n")
        command = [root / "bin/mojo", "build", "-I", directory, "-o", program, entry]
        built = subprocess.run(command, env=environment(root, directory), capture_output=True, check=False)
        if built.returncode:
            print(f"{source.stem}: does not compile: {built.stderr.decode()}")
            return
        done = subprocess.run([program], capture_output=True, check=False)
        for name, stream in (("stdout", done.stdout), ("stderr", done.stderr)):
            stripped = stream.replace(directory.encode(), b"/w").replace(str(root).encode(), b"/t")
            stripped = re.sub(rb"0x[0-9a-f]+", b"0x1", stripped)
            source.with_suffix(f".{name}").write_bytes(stripped)
        print(f"{source.stem}: {done.returncode}", flush=True)


def main() -> None:
    root, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    for source in sorted(HERE.glob("*.mojo")):
        if not names or source.stem in names:
            record(root, source)


if __name__ == "__main__":
    main()
