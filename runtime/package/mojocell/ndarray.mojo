"""Elements of one's own in one to four dimensions, one row behind the other."""

from std.ffi import external_call
from std.reflection import SourceLocation, call_location
from std.sys import size_of
from std.utils import StaticTuple

from .checks import check_index, refuse
from .ndspan import MutNDSpan, NDSpan
from .order import shape_of, size_of_shape, strides_of

comptime _Bytes = Pointer[UInt8, MutAnyOrigin]


@no_inline
def _refuse_memory(bytes: Int, location: SourceLocation):
    debug_assert[assert_mode="safe"](False, "no memory for an array of ", bytes, " bytes", location=location)


@no_inline
def _allocate(count: Int, size: Int, zero: Bool, location: SourceLocation) -> Int:
    """Memory of the C library's, so that who gets a result need not know whose it is."""
    if count == 0:
        return 0
    var address = Int(external_call["calloc", _Bytes](count, size)) if zero else Int(
        external_call["malloc", _Bytes](count * size)
    )
    if address == 0:
        _refuse_memory(count * size, location)
    return address


@no_inline
def _check_shape[rank: Int](shape: StaticTuple[Int, rank], element: Int, location: SourceLocation):
    var size = Float64(element)
    comptime for k in range(rank):
        if shape[k] < 0:
            refuse("an array has no negative lengths", location)
        size *= Float64(shape[k])
    if size > 9e18:
        refuse("an array of more elements than can be counted", location)


trait Given:
    """What Mojocell takes from a variable of a cell's: its elements, copied."""

    comptime given_dtype: DType
    comptime given_rank: Int

    def give_copy(self, words: Int):
        """Writes an address and lengths."""
        ...


struct NDArray[dtype: DType, rank: Int](Copyable, Given, Movable, Sized, Writable):
    """Elements of one type in one to four dimensions, one row behind the other.

    A function that Python calls returns one as an array of NumPy's, which then owns the memory: nothing is copied.

    Parameters:
        dtype: The type of the elements.
        rank: The number of dimensions, 1 to 4.
    """

    comptime given_dtype = Self.dtype
    comptime given_rank = Self.rank

    var _address: Int  # 0: there are no elements

    var shape: StaticTuple[Int, Self.rank]
    """The length of each dimension."""

    var strides: StaticTuple[Int, Self.rank]
    """How many elements a step along each dimension goes."""

    # ---- making one ----

    @always_inline
    def __init__(out self, *, shape: StaticTuple[Int, Self.rank]):
        """Zeros, as many as another array has elements, say: `NDArray[DType.float64, 2](shape=x.shape)`.

        Args:
            shape: The length of each dimension.
        """
        self = Self(_shape=shape, zero=True, location=call_location())

    @always_inline
    def __init__(out self, *, shape: StaticTuple[Int, Self.rank], fill: Scalar[Self.dtype]):
        """One value everywhere.

        Args:
            shape: The length of each dimension.
            fill: The value.
        """
        self = Self(_shape=shape, zero=False, location=call_location())
        self.fill(fill)

    @always_inline
    def __init__(out self, *, shape: StaticTuple[Int, Self.rank], uninitialized: Bool):
        """Elements of no certain value, each of which is written before it is read.

        Args:
            shape: The length of each dimension.
            uninitialized: True.
        """
        self = Self(_shape=shape, zero=False, location=call_location())

    @always_inline
    def __init__(out self, view: NDSpan[Self.dtype, Self.rank, _]):
        """A copy of what a view shows.

        Args:
            view: The view.
        """
        self = Self(_shape=view.shape, zero=False, location=call_location())
        self.view()._copy_from(view)

    def __init__(out self, *, _shape: StaticTuple[Int, Self.rank], zero: Bool, location: SourceLocation):
        comptime assert 1 <= Self.rank <= 4, "an NDArray has 1 to 4 dimensions"
        comptime element = size_of[Scalar[Self.dtype]]()
        _check_shape(_shape, element, location)
        self._address = _allocate(size_of_shape(_shape), element, zero, location)
        self.shape = _shape
        self.strides = strides_of(_shape)

    @staticmethod
    @always_inline
    def zeros(*shape: Int) -> Self:
        """Zeros: `NDArray[DType.float64, 2].zeros(3, 4)`."""
        return Self(_shape=shape_of[Self.rank](shape, call_location()), zero=True, location=call_location())

    @staticmethod
    @always_inline
    def empty(*shape: Int) -> Self:
        """Elements of no certain value, each of which is written before it is read."""
        return Self(_shape=shape_of[Self.rank](shape, call_location()), zero=False, location=call_location())

    def __init__(out self, *, copy: Self):
        """Elements of its own."""
        self = Self(_shape=copy.shape, zero=False, location=call_location())
        self.view()._copy_from(copy.view())

    def __init__(out self, *, deinit move: Self):
        """The elements of an array that is no longer used."""
        self._address = move._address
        self.shape = move.shape
        self.strides = move.strides

    def __deinit__(deinit self):
        """Frees the memory."""
        if self._address != 0:
            # free() by another name: std has declared that one in its own way.
            _ = external_call["realloc", _Bytes](_Bytes(unsafe_from_address=self._address), 0)

    def _give_away(mut self, words: Int):
        """Its memory to Mojocell, with the shape: no elements are left.

        Args:
            words: Where to write an address and lengths.
        """
        var to = Pointer[Int, MutAnyOrigin](unsafe_from_address=words)
        to[] = self._address
        comptime for k in range(Self.rank):
            to[unsafe_offset = 1 + k] = self.shape[k]
            self.shape[k] = 0
        self._address = 0

    def give_copy(self, words: Int):
        """A copy of its elements to Mojocell.

        Args:
            words: Where to write an address and lengths.
        """
        var copy = self.copy()
        copy._give_away(words)

    # ---- what it is like ----

    @always_inline
    def __len__(self) -> Int:
        """The length of the first dimension."""
        return self.shape[0]

    @always_inline
    def size(self) -> Int:
        """The number of elements."""
        return size_of_shape(self.shape)

    def write_to(self, mut writer: Some[Writer]):
        """Writes the elements in brackets, as NumPy's `tolist()` has them.

        Args:
            writer: Where to.
        """
        self.view().write_to(writer)

    # ---- as a view ----

    @always_inline
    def view(ref self) -> NDSpan[Self.dtype, Self.rank, origin_of(self)]:
        """All of it, for functions that take an `NDSpan`; it can be passed as it is, too."""
        return NDSpan[Self.dtype, Self.rank, origin_of(self)](
            unsafe_ptr=Pointer[Scalar[Self.dtype], origin_of(self)](unsafe_from_address=self._start()),
            shape=self.shape,
            strides=self.strides,
        )

    @always_inline
    def row(ref self, i: Int) -> NDSpan[Self.dtype, Self.rank - 1, origin_of(self)] where Self.rank > 1:
        """What is at an index of the first dimension, as NumPy's `x[i]`: checked once, for all of it."""
        check_index[0](i, self.shape[0])
        return self.view()._unchecked_row(i)

    @always_inline
    def flat(ref self) -> Span[Scalar[Self.dtype], origin_of(self)]:
        """All elements, one row behind the other."""
        return Span[Scalar[Self.dtype], origin_of(self)](
            unsafe_ptr=Pointer[Scalar[Self.dtype], origin_of(self)](unsafe_from_address=self._start()),
            length=self.size(),
        )

    def fill(mut self, value: Scalar[Self.dtype]):
        """Writes one value to all elements."""
        self.view().fill(value)

    @always_inline
    def _start(self) -> Int:
        return self._address if self._address != 0 else 64

    @always_inline
    def _data(self) -> Pointer[Scalar[Self.dtype], MutAnyOrigin]:
        return Pointer[Scalar[Self.dtype], MutAnyOrigin](unsafe_from_address=self._address)

    # ---- elements ----

    @always_inline
    def _at(ref self, offset: Int) -> ref[self] Scalar[Self.dtype]:
        return Pointer[Scalar[Self.dtype], origin_of(self)](
            unsafe_from_address=self._start() + offset * size_of[Scalar[Self.dtype]]()
        )[]

    @always_inline
    def __getitem__(ref self, i: Int) -> ref[self] Scalar[Self.dtype] where Self.rank == 1:
        """An element, to read or to write to. What is out of bounds crashes at the caller's line."""
        check_index[0](i, self.shape[0])
        return self._at(i)

    @always_inline
    def __getitem__(ref self, i: Int, j: Int) -> ref[self] Scalar[Self.dtype] where Self.rank == 2:
        """An element, to read or to write to. What is out of bounds crashes at the caller's line."""
        check_index[0](i, self.shape[0])
        check_index[1](j, self.shape[1])
        return self._at(i * self.strides[0] + j)

    @always_inline
    def __getitem__(ref self, i: Int, j: Int, k: Int) -> ref[self] Scalar[Self.dtype] where Self.rank == 3:
        """An element, to read or to write to. What is out of bounds crashes at the caller's line."""
        check_index[0](i, self.shape[0])
        check_index[1](j, self.shape[1])
        check_index[2](k, self.shape[2])
        return self._at(i * self.strides[0] + j * self.strides[1] + k)

    @always_inline
    def __getitem__(ref self, i: Int, j: Int, k: Int, l: Int) -> ref[self] Scalar[Self.dtype] where Self.rank == 4:
        """An element, to read or to write to. What is out of bounds crashes at the caller's line."""
        check_index[0](i, self.shape[0])
        check_index[1](j, self.shape[1])
        check_index[2](k, self.shape[2])
        check_index[3](l, self.shape[3])
        return self._at(i * self.strides[0] + j * self.strides[1] + k * self.strides[2] + l)

    # ---- several elements at once, unchecked ----

    @always_inline
    def unsafe_load[width: SIMDLength](self, i: Int) -> SIMD[Self.dtype, width] where Self.rank == 1:
        """`width` elements from this one on. Nothing is checked."""
        return self._data().unsafe_load[width=width](i)

    @always_inline
    def unsafe_load[width: SIMDLength](self, i: Int, j: Int) -> SIMD[Self.dtype, width] where Self.rank == 2:
        """`width` elements from this one on, along the last dimension. Nothing is checked."""
        return self._data().unsafe_load[width=width](i * self.strides[0] + j)

    @always_inline
    def unsafe_load[width: SIMDLength](self, i: Int, j: Int, k: Int) -> SIMD[Self.dtype, width] where Self.rank == 3:
        """`width` elements from this one on, along the last dimension. Nothing is checked."""
        return self._data().unsafe_load[width=width](i * self.strides[0] + j * self.strides[1] + k)

    @always_inline
    def unsafe_load[width: SIMDLength](self, i: Int, j: Int, k: Int, l: Int) -> SIMD[Self.dtype, width] where Self.rank == 4:
        """`width` elements from this one on, along the last dimension. Nothing is checked."""
        return self._data().unsafe_load[width=width](i * self.strides[0] + j * self.strides[1] + k * self.strides[2] + l)

    @always_inline
    def unsafe_store[
        width: SIMDLength
    ](mut self, i: Int, value: SIMD[Self.dtype, width]) where Self.rank == 1:
        """Writes `width` elements from this one on. Nothing is checked."""
        self._data().unsafe_store(i, value)

    @always_inline
    def unsafe_store[
        width: SIMDLength
    ](mut self, i: Int, j: Int, value: SIMD[Self.dtype, width]) where Self.rank == 2:
        """Writes `width` elements from this one on, along the last dimension. Nothing is checked."""
        self._data().unsafe_store(i * self.strides[0] + j, value)

    @always_inline
    def unsafe_store[
        width: SIMDLength
    ](mut self, i: Int, j: Int, k: Int, value: SIMD[Self.dtype, width]) where Self.rank == 3:
        """Writes `width` elements from this one on, along the last dimension. Nothing is checked."""
        self._data().unsafe_store(i * self.strides[0] + j * self.strides[1] + k, value)

    @always_inline
    def unsafe_store[
        width: SIMDLength
    ](mut self, i: Int, j: Int, k: Int, l: Int, value: SIMD[Self.dtype, width]) where Self.rank == 4:
        """Writes `width` elements from this one on, along the last dimension. Nothing is checked."""
        self._data().unsafe_store(i * self.strides[0] + j * self.strides[1] + k * self.strides[2] + l, value)
