"""What a program printed: two streams, and the order in which it wrote to them."""

from __future__ import annotations

import codecs
import io
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Self

STREAMS = ("stdout", "stderr")


class Printed(NamedTuple):
    """Text that a program wrote to one stream before it turned to the other.

    Attributes
    ----------
    stream : str
        ``"stdout"`` or ``"stderr"``.
    text : str
        What it wrote.
    """

    stream: str
    text: str


def is_output(event: str) -> bool:
    """Tell whether an event brings output."""
    return event in STREAMS or event == "output"


class Chunk(NamedTuple):
    """What came at once: pieces of the two streams, which take turns.

    Attributes
    ----------
    streams : tuple of bytes
        What went to each of them.
    first : str
        The stream of the first piece.
    lengths : sequence of int
        Of the pieces, in bytes.

    Examples
    --------
    >>> list(Chunk((b"bc", b"a"), "stderr", [1, 2]).pieces())
    [('stderr', b'a'), ('stdout', b'bc')]
    """

    streams: tuple[bytes, bytes]
    first: str
    lengths: Sequence[int]

    @classmethod
    def of(cls, stream: str, data: bytes) -> Self:
        """Return a piece of one stream."""
        return cls((data, b"") if stream == STREAMS[0] else (b"", data), stream, [len(data)])

    def pieces(self) -> Iterator[tuple[str, bytes]]:
        """Return the pieces in their order, each with its stream."""
        rests = dict(zip(STREAMS, map(io.BytesIO, self.streams), strict=True))
        turns = STREAMS if self.first == STREAMS[0] else STREAMS[::-1]
        for stream, length in zip(itertools.cycle(turns), self.lengths, strict=False):
            yield stream, rests[stream].read(length)


def of_event(header: dict[str, Any], frames: Sequence[bytes]) -> Chunk:
    """Return what an event brings."""
    event = str(header.get("event"))
    if event in STREAMS:
        return Chunk.of(event, b"".join(frames))
    return Chunk((frames[0], frames[1]), header["first"], memoryview(frames[2]).cast("I"))


def in_order(chunks: Iterable[Chunk]) -> tuple[Printed, ...]:
    r"""Return what came as text, a piece for each turn. Bytes that are not UTF-8 are replaced.

    Examples
    --------
    >>> in_order([Chunk.of("stdout", b"a"), Chunk((b"\n", b"b"), "stdout", [1, 1])])
    (Printed(stream='stdout', text='a\n'), Printed(stream='stderr', text='b'))
    """
    decoder = codecs.getincrementaldecoder("utf-8")
    decoders = {name: decoder("replace") for name in STREAMS}
    found: list[list[str]] = []
    last = ""

    def add(stream: str, text: str) -> None:
        nonlocal last
        if text and stream != last:
            found.append([stream])
            last = stream
        if text:
            found[-1].append(text)

    for stream, data in (piece for chunk in chunks for piece in chunk.pieces()):
        add(stream, decoders[stream].decode(data))
    for stream in STREAMS:
        add(stream, decoders[stream].decode(b"", final=True))
    return tuple(Printed(stream, "".join(texts)) for stream, *texts in found)


def texts(chunks: Iterable[Chunk]) -> list[str]:
    """Return all that went to each of the streams as text."""
    both = zip(*[chunk.streams for chunk in chunks], strict=True)
    return [b"".join(parts).decode("utf-8", "replace") for parts in both] or ["", ""]
