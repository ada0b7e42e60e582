"""The least that must work with any supported interpreter: import, %load_ext, a cell, its second time."""

import platform
import sys

from IPython.core.interactiveshell import InteractiveShell

import mojocell as mc

shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "mojocell")
source = 'def main():\n    print("smoke")\n'
first = mc.run(source)
second = mc.run(source)
assert first.stdout == second.stdout == "smoke\n", (first, second)
assert second.cache == "hit", second.cache
failed = shell.run_cell("%%mojo\ndef main():\n    print(undefined_name)\n")
assert type(failed.error_in_exec).__name__ == "MojoCompileError", failed.error_in_exec
print(f"smoke test passed: Python {platform.python_version()}, IPython {sys.modules['IPython'].__version__}")
