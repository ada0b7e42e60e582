"""What marimo's caches are told of Mojo functions: the artifact that they are, not the cell they are from.

``mo.cache`` and ``mo.persistent_cache`` look into functions of Python and into types that a stub is
registered for; of anything else they take the code of the cell that made it, and would not see a source
that came from a file.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

_registered = False


def register() -> bool:
    """Register the stub, where there is a marimo; return whether it is."""
    global _registered  # noqa: PLW0603  (marimo's table is one for the process)
    if _registered or "marimo" not in sys.modules:
        return _registered
    try:
        from marimo._save.stubs import CustomStub, register_stub
    except ImportError:  # of another version: it goes by the cell's code
        return False
    from mojocell._bridge import Function
    from mojocell.module import MojoModule

    def stub_for(kind: type) -> type:
        class Stub(CustomStub):
            """A function or a module of Mojo in a cache: what it is made of."""

            __slots__ = ("key", "made")

            def __init__(self, value: Any) -> None:
                unit = value.__mojo__
                name = "" if isinstance(value, MojoModule) else value.__name__
                self.made = value.__reduce__()
                self.key = f"mojocell {unit.result.key or unit.source} {name}".encode()
                if isinstance(value, MojoModule) and value.outputs:
                    self.key += pickle.dumps(value.outputs)

            def load(self, _glbls: dict[str, Any]) -> Any:
                """Make it again, from the cache."""
                function, arguments = self.made
                return function(*arguments)

            @staticmethod
            def get_type() -> type:
                """Return what it stands for."""
                return kind

            def to_bytes(self) -> bytes:
                """Return what the cache hashes."""
                return self.key

        return Stub

    for kind in (Function, MojoModule):
        register_stub(kind, stub_for(kind))
    _registered = True
    return True
