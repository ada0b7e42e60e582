"""What crashes, in words and at the line of whoever calls the package.

What is said is in functions of its own that are not inlined: a loop over checked elements keeps its speed.
"""

from std.reflection import SourceLocation, call_location


@no_inline
def refuse(message: StaticString, location: SourceLocation):
    debug_assert[assert_mode="safe"](False, message, location=location)


@no_inline
def _refuse_index(index: Int, axis: Int, length: Int, location: SourceLocation):
    debug_assert[assert_mode="safe"](
        False, "index ", index, " is out of bounds for axis ", axis, " with size ", length, location=location
    )


@no_inline
def _refuse_part(axis: Int, start: Int, stop: Int, length: Int, location: SourceLocation):
    debug_assert[assert_mode="safe"](
        False,
        "the part from ",
        start,
        " to ",
        stop,
        " is out of bounds for axis ",
        axis,
        " with size ",
        length,
        location=location,
    )


@always_inline
def check_index[axis: Int](index: Int, length: Int):
    """For a method that is inlined into its caller."""
    if UInt(index) >= UInt(length):
        _refuse_index(index, axis, length, call_location[inline_count=2]())


@always_inline
def check_part(axis: Int, rank: Int, start: Int, stop: Int, length: Int):
    """The same, of a slice."""
    if UInt(axis) >= UInt(rank):
        refuse("there is no such axis", call_location[inline_count=2]())
    if start < 0 or stop < start or stop > length:
        _refuse_part(axis, start, stop, length, call_location[inline_count=2]())
