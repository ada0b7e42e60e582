#!/bin/sh
# ipykernel 7.4.0 with jupyter_client 8.9.1 from PyPI, Python 3.11, Linux. Seen on 2026-11-29.
#
# A kernel shows what its process writes to the descriptors 1 and 2 without Python's knowing, as libraries in C do. Not where the
# variable PYTEST_CURRENT_TEST is in its environment: pytest sets it for each test, and a kernel that a test starts inherits
# it, and then behaves otherwise than for its users:
#
#   without the variable:   the cell's output is "from a library"
#   with it, to any value:  the cell has no output; the text is in the output of whoever started the kernel
#
# So a test of a notebook can pass, or hang, for another reason than the notebook.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check ipykernel==7.4.0 jupyter_client==8.9.1
cat >"$place/ask.py" <<'PY'
import os
import sys
from queue import Empty

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

manager = KernelManager()
manager._kernel_spec = KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])
manager.start_kernel(env=dict(os.environ), stdout=sys.stderr)
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
client.execute("import os, time; _ = os.write(1, b'from a library\\n'); time.sleep(1); print('end')")
said = ""
while "end" not in said:
    try:
        message = client.get_iopub_msg(timeout=30)
    except Empty:
        break
    if message["header"]["msg_type"] == "stream":
        said += message["content"]["text"]
print(repr(said))
client.stop_channels()
manager.shutdown_kernel(now=True)
PY
ask() { env "$@" HOME="$place" "$place/venv/bin/python" "$place/ask.py" 2>/dev/null; }
plain=$(ask -u PYTEST_CURRENT_TEST)
tested=$(ask PYTEST_CURRENT_TEST=anything)
printf 'without: %s\nwith: %s\n' "$plain" "$tested"
[ "$plain" = "'from a library\\nend\\n'" ] && [ "$tested" = "'end\\n'" ] || {
    echo "changed"
    exit 1
}
echo "as seen"
