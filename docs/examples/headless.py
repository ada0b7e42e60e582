"""Mojo over plain ZeroMQ, without the Python package: what any language can do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import zmq

SOURCE = 'def main():\n    for n in range(5):\n        print("square of", n, "is", n * n)\n'

daemon = next(found for path in sys.path if (found := Path(path, "mojocell/_libexec/mojocelld")).exists())
address = "ipc://" + subprocess.check_output([daemon, "--print-socket"], text=True).strip()
# Where one runs already, the second one sees that and ends at once.
subprocess.Popen([daemon], stderr=subprocess.DEVNULL, start_new_session=True)

peer = zmq.Context().socket(zmq.DEALER)
peer.connect(address)
# The Python inside Mojo: the user's own choice, else the one that runs this.
place = {"cwd": os.getcwd(), "env": {"MOJO_PYTHON": sys.executable, **os.environ}, "sites": sys.path}
peer.send_json({"op": "run", "id": "1", "protocol": 1, "source": SOURCE, **place})
while True:
    header, *frames = peer.recv_multipart()
    event = json.loads(header)
    if event["event"] in ("result", "error"):
        break
    sys.stdout.write(b"".join(frames[:2]).decode() if frames else f"[{event['event']}]\n")
print(json.dumps({name: event.get(name) for name in ("ok", "cache", "times", "failure", "message")}))
