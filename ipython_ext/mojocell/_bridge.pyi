# The C extension: a blocking client of the daemon. Not public; `mojocell` is the only caller.

from collections.abc import Callable, Sequence
from typing import Final, final

VERSION: Final[str]
BUILD: Final[str]
PROTOCOL: Final[int]
ERROR_CODES: Final[tuple[str, ...]]

@final
class Client:
    def __init__(
        self,
        runtime_dir: str | None = ...,
        daemon: str | None = ...,
        start: bool = ...,
    ) -> None: ...
    def request(
        self,
        header: str | bytes,
        frames: Sequence[bytes] = ...,
        on_event: Callable[[bytes, list[bytes]], object] | None = ...,
        timeout: float | None = ...,
    ) -> tuple[bytes, list[bytes]]: ...
    def interrupt(self) -> None: ...
    def close(self) -> None: ...
    @property
    def pid(self) -> int | None: ...

class Error(Exception):
    code: str
    message: str
    hint: str | None
