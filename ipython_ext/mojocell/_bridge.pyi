# The C extension: a blocking client of the daemon. Not public; `mojocell` is the only caller.

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Final, final

from typing_extensions import Buffer

VERSION: Final[str]
BUILD: Final[str]
PROTOCOL: Final[int]
ERROR_CODES: Final[tuple[str, ...]]

@final
class Client:
    def __new__(
        cls,
        runtime_dir: str | PathLike[str] | None = ...,
        daemon: str | PathLike[str] | None = ...,
        start: bool = ...,
    ) -> Client: ...
    def request(
        self,
        header: str | Buffer,
        frames: Sequence[Buffer] = ...,
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
    def __init__(self, code: str, message: str, hint: str | None = None) -> None: ...
