"""What a program printed: two streams, and the order in which it wrote to them."""

from __future__ import annotations

import codecs
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


def pieces(header: dict[str, Any], frames: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Return the pieces of an event that brings output, in their order.

    Examples
    --------
    >>> list(pieces({"event": "output", "first": "stderr", "lengths": [1, 2]}, [b"abc"]))
    [('stderr', b'a'), ('stdout', b'bc')]
    """
    event = str(header.get("event"))
    if event in STREAMS:
        yield from ((event, frame) for frame in frames)
        return
    turn, at = STREAMS.index(header["first"]), 0
    for length in header["lengths"]:
        yield STREAMS[turn], frames[0][at : at + length]
        turn, at = 1 - turn, at + length


def in_order(taken: Iterable[tuple[str, bytes]]) -> tuple[Printed, ...]:
    r"""Return pieces as text, one for each turn. Bytes that are not UTF-8 are replaced.

    Examples
    --------
    >>> in_order([("stdout", b"a"), ("stdout", b"\n"), ("stderr", b"b")])
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

    for stream, data in taken:
        add(stream, decoders[stream].decode(data))
    for stream in STREAMS:
        add(stream, decoders[stream].decode(b"", final=True))
    return tuple(Printed(stream, "".join(texts)) for stream, *texts in found)


def of_stream(stream: str, taken: Iterable[tuple[str, bytes]]) -> str:
    """Return all that went to a stream as text."""
    return b"".join(data for name, data in taken if name == stream).decode("utf-8", "replace")
