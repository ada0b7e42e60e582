"""The schedule of faults that a daemon built with MC_FAULTS asks: runtime/base/fault.h, from the other side."""

from __future__ import annotations

import errno
import mmap
import signal
import struct
from dataclasses import dataclass
from pathlib import Path

MOST = 16
ENTRY = struct.Struct("16siiii")
KILL = -int(signal.SIGKILL)

# Where the code asks, and what the system may say there.
STEPS = {
    "scan": (errno.EIO,),
    "toolchain": (errno.EIO,),
    "prepare": (errno.EIO, errno.EACCES),
    "lookup": (errno.EIO,),
    "compile": (errno.EIO,),
    "artifact": (errno.EIO,),
    "compiled": (errno.EIO,),
    "run": (errno.EIO,),
    "ended": (errno.EIO,),
    "mkdir": (errno.ENOSPC, errno.EROFS, errno.EACCES),
    "write": (errno.ENOSPC, errno.EDQUOT, errno.EIO),
    "pipe": (errno.EMFILE, errno.ENFILE),
    "spawn": (errno.EAGAIN, errno.ENOMEM),
    "publish": (errno.ENOSPC, errno.EROFS),
    "memory": (errno.ENOMEM,),
    "json": (errno.ENOMEM,),
    "accept": (errno.EMFILE, errno.ENFILE),
    "fork": (errno.EAGAIN, errno.ENOMEM),
    "load": (errno.EMFILE, errno.ENOMEM),
    "begin": (KILL,),
    "tell": (errno.EPIPE,),
}


@dataclass
class Fault:
    """At the `after`th pass of the step from now: an errno, KILL or STOP."""

    step: str
    after: int
    action: int


class Schedule:
    """A file that the daemon maps; its path is the daemon's MOJOCELL_FAULTS."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(MOST * ENTRY.size))
        with path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)

    def set(self, faults: list[Fault]) -> None:
        for place in range(MOST):
            fault = faults[place] if place < len(faults) else Fault("", 0, 0)
            ENTRY.pack_into(
                self.map, place * ENTRY.size, fault.step.encode(), fault.after, fault.action, 0, 0
            )

    def fired(self) -> list[str]:
        """Return the steps whose faults have happened."""
        entries = [ENTRY.unpack_from(self.map, place * ENTRY.size) for place in range(MOST)]
        return [step.rstrip(b"\0").decode() for step, _, _, _, fired in entries if fired]

    def passed(self, step: str) -> int:
        """Return how often the step was come by since `set`."""
        entries = [ENTRY.unpack_from(self.map, place * ENTRY.size) for place in range(MOST)]
        return sum(passed for name, _, _, passed, _ in entries if name.rstrip(b"\0").decode() == step)
