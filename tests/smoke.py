"""The least that must work with any interpreter: import, %load_ext, a cell, its second time, an error.

It is run with private directories, and ends the daemon that it started.
"""

import platform
import sys

from IPython.core.interactiveshell import InteractiveShell

import mojocell as mc
from mojocell.core import client


def smoke() -> None:
    """Compile, hit, fail."""
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "mojocell")
    source = 'def main():\n    print("smoke")\n'
    first = mc.run(source)
    second = mc.run(source)
    assert first.stdout == second.stdout == "smoke\n", (first, second)
    assert first.cache == "miss", first.cache
    assert second.cache == "hit", second.cache
    shell.run_cell('%%mojo --out text\nprint("from a cell")\n').raise_error()
    assert shell.user_ns["text"] == "from a cell\n", shell.user_ns["text"]
    failed = shell.run_cell("%%mojo\ndef main():\n    print(undefined_name)\n")
    assert type(failed.error_in_exec).__name__ == "MojoCompileError", failed.error_in_exec


try:
    smoke()
finally:
    client.request({"op": "shutdown", "now": True})
version = sys.modules["IPython"].__version__
print(f"smoke test passed: Python {platform.python_version()}, IPython {version}")
