#!/usr/bin/env python3
"""Record what the real compiler says about the sources in data/diagnostics.

    record.py MODULAR_DIRECTORY [NAME…]

Each NAME.mojo becomes the module `mc_cell` below a generated entry, as the daemon compiles a cell; NAME.stderr and
NAME.stdout are what the compiler wrote, with the directory of the sources replaced by /w and the compiler's own by /t.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent / "diagnostics"
MAIN = """import mc_cell as m


@export
def mc_main() abi("C") -> Int32:
    try:
        m.main()
        return 0
    except e:
        print(e)
        return 1
"""


def entry_of(text: bytes) -> str:
    """Return an entry that needs all of the cell: what nothing refers to is not even read."""
    names = re.findall(rb"^(?:def|fn|struct|comptime) (\w+)", text, re.MULTILINE)
    if b"main" in names:
        return MAIN
    return "import mc_cell as m\n" + "".join(f"comptime mc_{n.decode()} = m.{n.decode()}\n" for n in names)


def environment(root: pathlib.Path, home: str) -> dict[str, str]:
    return {
        "MODULAR_MAX_PACKAGE_ROOT": f"{root}",
        "MODULAR_MOJO_MAX_PACKAGE_ROOT": f"{root}",
        "MODULAR_MOJO_MAX_DRIVER_PATH": f"{root}/bin/mojo",
        "MODULAR_MOJO_MAX_IMPORT_PATH": f"{root}/lib/mojo",
        "PATH": os.environ["PATH"],
        "TMPDIR": home,
        "HOME": home,
        "LANG": "C.UTF-8",
    }


def record(root: pathlib.Path, source: pathlib.Path) -> None:
    text = source.read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        cell, entry = pathlib.Path(directory, "mc_cell.mojo"), pathlib.Path(directory, "mc_entry.mojo")
        cell.write_bytes(text)
        entry.write_text(entry_of(text))
        command = [root / "bin/mojo", "build", "--emit", "shared-lib", "--diagnostic-format", "json"]
        done = subprocess.run(
            [*command, "-I", directory, "-o", f"{directory}/out.so", entry],
            env=environment(root, directory),
            capture_output=True,
            check=False,
        )
        for name, stream in (("stderr", done.stderr), ("stdout", done.stdout)):
            stripped = stream.replace(directory.encode(), b"/w").replace(str(root).encode(), b"/t")
            source.with_suffix(f".{name}").write_bytes(stripped)
        print(f"{source.stem}: {done.returncode}", flush=True)


def main() -> None:
    root, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    for source in sorted(HERE.glob("*.mojo")):
        if not names or source.stem in names:
            record(root, source)


if __name__ == "__main__":
    main()
