"""Shapes, and elements one row behind the other."""

from std.reflection import SourceLocation
from std.utils import StaticTuple

from .checks import refuse


@always_inline
def shape_of[rank: Int](given: VariadicList[Int, False], location: SourceLocation) -> StaticTuple[Int, rank]:
    """As arguments, one a dimension."""
    var shape = StaticTuple[Int, rank]()
    if len(given) != rank:
        refuse("one length is wanted for each dimension", location)
    comptime for k in range(rank):
        shape[k] = given[k]
    return shape


@always_inline
def size_of_shape[rank: Int](shape: StaticTuple[Int, rank]) -> Int:
    var size = 1
    comptime for k in range(rank):
        size *= shape[k]
    return size


@always_inline
def strides_of[rank: Int](shape: StaticTuple[Int, rank]) -> StaticTuple[Int, rank]:
    """Those of C's order."""
    var strides = StaticTuple[Int, rank]()
    var step = 1
    comptime for k in range(rank):
        strides[rank - 1 - k] = step
        step *= shape[rank - 1 - k]
    return strides


def is_in_order[rank: Int](shape: StaticTuple[Int, rank], strides: StaticTuple[Int, rank]) -> Bool:
    var step = 1
    if size_of_shape(shape) == 0:
        return True
    comptime for k in range(rank):
        comptime axis = rank - 1 - k
        if shape[axis] != 1 and strides[axis] != step:
            return False
        step *= shape[axis]
    return True
