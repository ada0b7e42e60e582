"""A view of elements in one to four dimensions, at whatever distances they are from each other."""

from std.reflection import call_location
from std.sys import size_of
from std.utils import StaticTuple

from .checks import check_index, check_part, refuse
from .ndarray import NDArray
from .order import is_in_order, shape_of, size_of_shape, strides_of


struct NDSpan[mut: Bool, //, dtype: DType, rank: Int, origin: Origin[mut=mut]](
    ImplicitlyCopyable, Sized, TrivialRegisterPassable, Writable
):
    """A view of elements of one type in one to four dimensions.

    As an argument it is written `NDSpan[DType.float64, 2, _]`, and `NDSpan[mut=True, DType.float64, 2, _]` where the
    function writes to the elements. `x[i, j]` is checked; `x.unsafe_load[width](i, j)` is not.

    Parameters:
        mut: Whether the elements can be written to.
        dtype: Their type.
        rank: The number of dimensions, 1 to 4.
        origin: Where the elements live.
    """

    var _data: Pointer[Scalar[Self.dtype], Self.origin]

    var shape: StaticTuple[Int, Self.rank]
    """The length of each dimension."""

    var strides: StaticTuple[Int, Self.rank]
    """How many elements a step along each dimension goes."""

    # ---- making one ----

    @always_inline
    def __init__(
        out self,
        *,
        unsafe_ptr: Pointer[Scalar[Self.dtype], Self.origin],
        shape: StaticTuple[Int, Self.rank],
        strides: StaticTuple[Int, Self.rank],
    ):
        """A view of what is at an address.

        Args:
            unsafe_ptr: The first element.
            shape: The length of each dimension.
            strides: How many elements a step along each dimension goes.
        """
        comptime assert 1 <= Self.rank <= 4, "an NDSpan has 1 to 4 dimensions"
        self._data = unsafe_ptr
        self.shape = shape
        self.strides = strides

    @always_inline
    def __init__(out self, *, unsafe_words: Int):
        """A view that Mojocell hands over.

        Args:
            unsafe_words: Where its words are: an address, lengths, distances.
        """
        var words = Pointer[Int, MutAnyOrigin](unsafe_from_address=unsafe_words)
        var address = words[]
        self._data = Pointer[Scalar[Self.dtype], Self.origin](
            unsafe_from_address=address if address != 0 else 64
        )
        self.shape = StaticTuple[Int, Self.rank]()
        self.strides = StaticTuple[Int, Self.rank]()
        comptime for k in range(Self.rank):
            self.shape[k] = words[unsafe_offset=1 + k]
            self.strides[k] = words[unsafe_offset=1 + Self.rank + k]

    @always_inline
    def __init__(out self, span: Span[Scalar[Self.dtype], Self.origin], *shape: Int):
        """The elements of a `Span` or `List`, one row behind the other.

        Args:
            span: The elements.
            shape: The length of each dimension; their product is the number of elements.
        """
        var lengths = shape_of[Self.rank](shape, call_location())
        if size_of_shape(lengths) != len(span):
            refuse("the product of the lengths is not the number of elements", call_location())
        self._data = Pointer[Scalar[Self.dtype], Self.origin](unsafe_from_address=Int(span.unsafe_ptr()))
        self.shape = lengths
        self.strides = strides_of(lengths)

    @always_inline
    @implicit
    def __init__(out self, ref[Self.origin] array: NDArray[Self.dtype, Self.rank]):
        """All of an array.

        Args:
            array: The array.
        """
        self._data = Pointer[Scalar[Self.dtype], Self.origin](unsafe_from_address=array._address)
        self.shape = array.shape
        self.strides = array.strides

    # ---- what it is like ----

    @always_inline
    def __len__(self) -> Int:
        """The length of the first dimension."""
        return self.shape[0]

    @always_inline
    def size(self) -> Int:
        """The number of elements."""
        return size_of_shape(self.shape)

    @always_inline
    def unsafe_ptr(self) -> Pointer[Scalar[Self.dtype], Self.origin]:
        """The first element; the others are at its `strides`."""
        return self._data

    def is_contiguous(self) -> Bool:
        """Whether the elements are one row behind the other, without gaps."""
        return is_in_order(self.shape, self.strides)

    def write_to(self, mut writer: Some[Writer]):
        """Writes the elements in brackets, as NumPy's `tolist()` has them.

        Args:
            writer: Where to.
        """
        writer.write("[")
        for i in range(self.shape[0]):
            if i > 0:
                writer.write(", ")
            comptime if Self.rank == 1:
                writer.write(self._data[unsafe_offset = i * self.strides[0]])
            else:
                self._unchecked_row(i).write_to(writer)
        writer.write("]")

    # ---- elements ----

    @always_inline
    def __getitem__(self, i: Int) -> ref[Self.origin] Scalar[Self.dtype] where Self.rank == 1:
        """An element, to read or to write to. What is out of bounds crashes at the caller's line."""
        check_index[0](i, self.shape[0])
        return self._data[unsafe_offset = i * self.strides[0]]

    @always_inline
    def __getitem__(self, i: Int, j: Int) -> ref[Self.origin] Scalar[Self.dtype] where Self.rank == 2:
        """An element, to read or to write to. What is out of bounds crashes at the caller's line."""
        check_index[0](i, self.shape[0])
        check_index[1](j, self.shape[1])
        return self._data[unsafe_offset = i * self.strides[0] + j * self.strides[1]]

    @always_inline
    def __getitem__(self, i: Int, j: Int, k: Int) -> ref[Self.origin] Scalar[Self.dtype] where Self.rank == 3:
        """An element, to read or to write to. What is out of bounds crashes at the caller's line."""
        check_index[0](i, self.shape[0])
        check_index[1](j, self.shape[1])
        check_index[2](k, self.shape[2])
        return self._data[unsafe_offset = i * self.strides[0] + j * self.strides[1] + k * self.strides[2]]

    @always_inline
    def __getitem__(
        self, i: Int, j: Int, k: Int, l: Int
    ) -> ref[Self.origin] Scalar[Self.dtype] where Self.rank == 4:
        """An element, to read or to write to. What is out of bounds crashes at the caller's line."""
        check_index[0](i, self.shape[0])
        check_index[1](j, self.shape[1])
        check_index[2](k, self.shape[2])
        check_index[3](l, self.shape[3])
        return self._data[
            unsafe_offset = i * self.strides[0] + j * self.strides[1] + k * self.strides[2] + l * self.strides[3]
        ]

    # ---- several elements at once, unchecked ----

    @always_inline
    def _load[width: SIMDLength](self, at: Int) -> SIMD[Self.dtype, width]:
        var step = self.strides[Self.rank - 1]
        if step == 1:
            return self._data.unsafe_load[width=width](at)
        var found = SIMD[Self.dtype, width]()
        comptime for lane in range(Int(width)):
            found[lane] = self._data[unsafe_offset = at + lane * step]
        return found

    @always_inline
    def unsafe_load[width: SIMDLength](self, i: Int) -> SIMD[Self.dtype, width] where Self.rank == 1:
        """`width` elements from this one on. Nothing is checked."""
        return self._load[width](i * self.strides[0])

    @always_inline
    def unsafe_load[width: SIMDLength](self, i: Int, j: Int) -> SIMD[Self.dtype, width] where Self.rank == 2:
        """`width` elements from this one on, along the last dimension. Nothing is checked."""
        return self._load[width](i * self.strides[0] + j * self.strides[1])

    @always_inline
    def unsafe_load[
        width: SIMDLength
    ](self, i: Int, j: Int, k: Int) -> SIMD[Self.dtype, width] where Self.rank == 3:
        """`width` elements from this one on, along the last dimension. Nothing is checked."""
        return self._load[width](i * self.strides[0] + j * self.strides[1] + k * self.strides[2])

    @always_inline
    def unsafe_load[
        width: SIMDLength
    ](self, i: Int, j: Int, k: Int, l: Int) -> SIMD[Self.dtype, width] where Self.rank == 4:
        """`width` elements from this one on, along the last dimension. Nothing is checked."""
        return self._load[width](
            i * self.strides[0] + j * self.strides[1] + k * self.strides[2] + l * self.strides[3]
        )

    @always_inline
    def _writable(self) -> Pointer[Scalar[Self.dtype], MutAnyOrigin]:
        return Pointer[Scalar[Self.dtype], MutAnyOrigin](unsafe_from_address=Int(self._data))

    @always_inline
    def _store[width: SIMDLength](self, at: Int, value: SIMD[Self.dtype, width]):
        var step = self.strides[Self.rank - 1]
        if step == 1:
            self._writable().unsafe_store(at, value)
        else:
            comptime for lane in range(Int(width)):
                self._writable()[unsafe_offset = at + lane * step] = value[lane]

    @always_inline
    def unsafe_store[
        width: SIMDLength
    ](self, i: Int, value: SIMD[Self.dtype, width]) where Self.mut and Self.rank == 1:
        """Writes `width` elements from this one on. Nothing is checked."""
        self._store(i * self.strides[0], value)

    @always_inline
    def unsafe_store[
        width: SIMDLength
    ](self, i: Int, j: Int, value: SIMD[Self.dtype, width]) where Self.mut and Self.rank == 2:
        """Writes `width` elements from this one on, along the last dimension. Nothing is checked."""
        self._store(i * self.strides[0] + j * self.strides[1], value)

    @always_inline
    def unsafe_store[
        width: SIMDLength
    ](self, i: Int, j: Int, k: Int, value: SIMD[Self.dtype, width]) where Self.mut and Self.rank == 3:
        """Writes `width` elements from this one on, along the last dimension. Nothing is checked."""
        self._store(i * self.strides[0] + j * self.strides[1] + k * self.strides[2], value)

    @always_inline
    def unsafe_store[
        width: SIMDLength
    ](self, i: Int, j: Int, k: Int, l: Int, value: SIMD[Self.dtype, width]) where Self.mut and Self.rank == 4:
        """Writes `width` elements from this one on, along the last dimension. Nothing is checked."""
        self._store(
            i * self.strides[0] + j * self.strides[1] + k * self.strides[2] + l * self.strides[3], value
        )

    # ---- parts ----

    @always_inline
    def _unchecked_row(self, i: Int) -> NDSpan[Self.dtype, Self.rank - 1, Self.origin]:
        var shape = StaticTuple[Int, Self.rank - 1]()
        var strides = StaticTuple[Int, Self.rank - 1]()
        comptime for k in range(Self.rank - 1):
            shape[k] = self.shape[k + 1]
            strides[k] = self.strides[k + 1]
        return NDSpan[Self.dtype, Self.rank - 1, Self.origin](
            unsafe_ptr=self._at(i * self.strides[0]), shape=shape, strides=strides
        )

    @always_inline
    def _at(self, offset: Int) -> Pointer[Scalar[Self.dtype], Self.origin]:
        return Pointer[Scalar[Self.dtype], Self.origin](
            unsafe_from_address=Int(self._data) + offset * size_of[Scalar[Self.dtype]]()
        )

    @always_inline
    def row(self, i: Int) -> NDSpan[Self.dtype, Self.rank - 1, Self.origin] where Self.rank > 1:
        """What is at an index of the first dimension, as NumPy's `x[i]`: checked once, for all of it."""
        check_index[0](i, self.shape[0])
        return self._unchecked_row(i)

    @always_inline
    def slice(self, axis: Int, start: Int, stop: Int) -> Self:
        """The part from `start` to before `stop` along a dimension: of a matrix, `x.slice(1, 2, 5)` is NumPy's `x[:, 2:5]`."""
        check_part(axis, Self.rank, start, stop, self.shape[axis] if 0 <= axis < Self.rank else 0)
        var shape = self.shape
        shape[axis] = stop - start
        return Self(unsafe_ptr=self._at(start * self.strides[axis]), shape=shape, strides=self.strides)

    @always_inline
    def transpose(self) -> Self:
        """The dimensions in reverse, as NumPy's `x.T`; nothing is copied."""
        var shape = self.shape
        var strides = self.strides
        comptime for k in range(Self.rank):
            shape[k] = self.shape[Self.rank - 1 - k]
            strides[k] = self.strides[Self.rank - 1 - k]
        return Self(unsafe_ptr=self._data, shape=shape, strides=strides)

    @always_inline
    def flat(self) -> Span[Scalar[Self.dtype], Self.origin]:
        """All elements as a `Span`, where they are one row behind the other; else a crash at the caller's line."""
        if not self.is_contiguous():
            refuse("the elements do not lie one row behind the other: NDArray(x) has them so", call_location())
        return Span[Scalar[Self.dtype], Self.origin](unsafe_ptr=self._data, length=self.size())

    # ---- all at once ----

    def fill(self, value: Scalar[Self.dtype]) where Self.mut:
        """Writes one value to all elements."""
        self._fill(value)

    def _fill(self, value: Scalar[Self.dtype]):
        for i in range(self.shape[0]):
            comptime if Self.rank == 1:
                self._writable()[unsafe_offset = i * self.strides[0]] = value
            else:
                self._unchecked_row(i)._fill(value)

    @always_inline
    def copy_from(self, other: NDSpan[Self.dtype, Self.rank, _]) where Self.mut:
        """Writes the elements of another view of the same shape."""
        comptime for k in range(Self.rank):
            if self.shape[k] != other.shape[k]:
                refuse("the two views have different shapes", call_location())
        self._copy_from(other)

    def _copy_from(self, other: NDSpan[Self.dtype, Self.rank, _]):
        for i in range(self.shape[0]):
            comptime if Self.rank == 1:
                self._writable()[unsafe_offset = i * self.strides[0]] = other._data[
                    unsafe_offset = i * other.strides[0]
                ]
            else:
                self._unchecked_row(i)._copy_from(other._unchecked_row(i))


comptime MutNDSpan = NDSpan[mut=True, ...]
"""An `NDSpan` whose elements can be written to."""
