"""Run clang-tidy over the C files of a build directory, a few at a time, and print what it finds.

What was clean is not looked at again until it, a header or the configuration changes.
"""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def digest(paths: list[Path]) -> str:
    """Return a digest over the content of files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def main(build: Path) -> int:
    """Check every file; return 1 where something was found."""
    headers = sorted(
        path for folder in ("runtime", "kernel_bridge", "tests") for path in (ROOT / folder).rglob("*.[hd]*")
    )
    shared = digest([ROOT / ".clang-tidy", *(path for path in headers if path.suffix in (".h", ".def"))])
    clean_file = build / "tidy-clean.json"
    clean: dict[str, str] = json.loads(clean_file.read_text()) if clean_file.exists() else {}
    commands = json.loads((build / "compile_commands.json").read_text())
    files = sorted({Path(entry["file"]) for entry in commands})
    now = {str(path): shared + digest([path]) for path in files}
    todo = [path for path in files if clean.get(str(path)) != now[str(path)]]

    def check(path: Path) -> tuple[Path, str]:
        run = subprocess.run(
            [
                "clang-tidy",
                "--quiet",
                "-p",
                str(build),
                str(path),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        return path, "" if run.returncode == 0 else run.stdout or run.stderr

    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, output in pool.map(check, todo):
            if output:
                failed += 1
                print(output, end="", flush=True)
            else:
                clean[str(path)] = now[str(path)]
    clean_file.write_text(json.dumps({path: stamp for path, stamp in clean.items() if path in now}))
    print(f"clang-tidy: {len(todo)} of {len(files)} files looked at, findings in {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
