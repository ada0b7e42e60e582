# The C extension: a blocking client of the daemon, and the calls of functions. Not public; `mojocell` is the
# only caller.

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Final, Literal, Self, final

from typing_extensions import Buffer, disjoint_base

VERSION: Final[str]
BUILD: Final[str]
PROTOCOL: Final[int]
ERROR_CODES: Final[tuple[str, ...]]
SCALARS: Final[dict[str, str]]

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
        silence: float | None = ...,
        on_quiet: Callable[[], object] | None = ...,
        on_ask: Callable[[], Buffer] | None = ...,
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

class CopyWarning(RuntimeWarning): ...

def copies() -> tuple[int, int]: ...
def arm(interrupts: bool = True) -> None: ...
def interrupt(thread: int, /) -> None: ...
def damaged() -> bool: ...
def crash_words(
    text: str, source: str, module: str, used: dict[str, str], /
) -> tuple[str, int | None, int | None, str | None, str | None]: ...
def crash_place(
    file: str, line: int, column: int, source: str, module: str, used: dict[str, str], /
) -> tuple[int | None, int | None, str | None]: ...
def cell_items(source: str, /) -> str: ...
def crash_tell(text: str, name: str, source: str, module: str, used: dict[str, str], /) -> str: ...
def annotation(text: str, /, *, returned: bool = False, classes: Mapping[str, type] | None = None) -> Any: ...

@final
class Library:
    def __new__(
        cls,
        path: str | PathLike[str],
        libraries: Sequence[str | PathLike[str]] = ...,
        identity: str = ...,
        name: str = ...,
    ) -> Library: ...
    @property
    def path(self) -> str: ...
    @property
    def prints(self) -> bool: ...
    @property
    def isolated_reason(self) -> str | None: ...

@final
class Function:  # mojocell.MojoFunction
    def __new__(
        cls,
        name: str,
        entries: Sequence[Mapping[str, Any]],
        library: Library | None = ...,
        *,
        mode: Literal["inline", "isolated"] = ...,
        nogil: bool = ...,
        worker: Callable[[], Worker] | None = ...,
        fail: Callable[[str, dict[str, Any]], BaseException] | None = ...,
        on_isolated: Callable[[str], object] | None = ...,
        stub: Callable[..., Any] | None = ...,
        reduce: str | tuple[Any, ...] | None = ...,
        map: Callable[[Function], Any] | None = ...,  # noqa: A002
    ) -> Function: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __copy__(self) -> Function: ...
    def __deepcopy__(self, memo: Any, /) -> Function: ...
    def __reduce__(self) -> str | tuple[Any, ...]: ...
    def with_options(
        self, *, mode: Literal["inline", "isolated"] | None = ..., nogil: bool | None = ...
    ) -> Function: ...
    def rehearsal(self) -> Function: ...
    mode: Literal["inline", "isolated"]
    stale: str | Callable[[], object] | None
    __name__: str
    __qualname__: str
    @property
    def isolated_reason(self) -> str | None: ...
    @property
    def nogil(self) -> bool: ...
    @property
    def library(self) -> Library | None: ...
    @property
    def map(self) -> Any: ...
    @property
    def signatures(self) -> tuple[str, ...]: ...
    @property
    def __wrapped__(self) -> Callable[..., Any]: ...

@disjoint_base
class Map:
    def __new__(cls, function: Function) -> Self: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    @property
    def function(self) -> Function: ...
    _ufunc: Any

@final
class Loops: ...

def ufunc(
    function: Function, place: Callable[[BaseException, int | None, tuple[Any, ...]], object], doc: str, /
) -> Any: ...
def loops_of(ufunc: Any, /) -> Function | None: ...

@final
class Worker:
    def __new__(
        cls,
        client: Client,
        header: str,
        table: str,
        output: Callable[[str, bytes], object] | None = ...,
        *,
        wall: float | None = ...,
        cpu: float | None = ...,
        most_output: float | None = ...,
        idle: int = ...,
        most: int = ...,
        silence: float | None = ...,
    ) -> Worker: ...
    def interrupt(self, thread: int, /) -> None: ...
    @property
    def count(self) -> int: ...
