"""What a program printed: two streams, and the order in which it wrote to them."""

from __future__ import annotations

import codecs
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
    first : str
        The stream of the first piece.
    lengths : sequence of int
        Of the pieces, in bytes.
    data : bytes
        All of them.

    Examples
    --------
    >>> list(Chunk("stderr", [1, 2], b"abc").pieces())
    [('stderr', b'a'), ('stdout', b'bc')]
    """

    first: str
    lengths: Sequence[int]
    data: bytes

    def pieces(self) -> Iterator[tuple[str, bytes]]:
        """Return the pieces in their order, each with its stream."""
        turn, at = STREAMS.index(self.first), 0
        for length in self.lengths:
            yield STREAMS[turn], self.data[at : at + length]
            turn, at = 1 - turn, at + length

    def of_stream(self, stream: str) -> bytes:
        """Return what went to one stream: without a step for each piece of the other."""
        ends = [0, *itertools.accumulate(self.lengths)]
        skipped = 0 if stream == self.first else 1
        turns = zip(ends[skipped::2], ends[skipped + 1 :: 2], strict=False)
        return b"".join([self.data[start:end] for start, end in turns])


def of_event(header: dict[str, Any], frames: Sequence[bytes]) -> Chunk:
    """Return what an event brings."""
    event = str(header.get("event"))
    if event in STREAMS:
        data = b"".join(frames)
        return Chunk(event, [len(data)], data)
    lengths = memoryview(frames[1]).cast("I")
    return Chunk(header["first"], lengths, frames[0])


def in_order(chunks: Iterable[Chunk]) -> tuple[Printed, ...]:
    r"""Return what came as text, a piece for each turn. Bytes that are not UTF-8 are replaced.

    Examples
    --------
    >>> in_order([Chunk("stdout", [1], b"a"), Chunk("stdout", [1, 1], b"\nb")])
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


def of_stream(stream: str, chunks: Iterable[Chunk]) -> str:
    """Return all that went to a stream as text."""
    return b"".join(chunk.of_stream(stream) for chunk in chunks).decode("utf-8", "replace")
