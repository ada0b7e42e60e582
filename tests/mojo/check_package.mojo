# The package mojocell from Mojo itself: a program that tests/py/test_matrices.py runs.
from mojocell import MutNDSpan, NDArray, NDSpan
from std.utils import StaticTuple


def expect(found: String, wanted: String) raises:
    if found != wanted:
        raise Error("found " + found + ", wanted " + wanted)


def expect(found: Int, wanted: Int) raises:
    if found != wanted:
        raise Error(String("found ", found, ", wanted ", wanted))


def counted(rows: Int, columns: Int) -> NDArray[DType.int, 2]:
    var made = NDArray[DType.int, 2].empty(rows, columns)
    for i in range(rows):
        for j in range(columns):
            made[i, j] = 10 * i + j
    return made^


def total(x: NDSpan[DType.int, 2, _]) -> Int:
    var sum = 0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            sum += Int(x[i, j])
    return sum


def double(x: NDSpan[mut=True, DType.int, 2, _]):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] *= 2


def negate(x: MutNDSpan[DType.int, 1, _]):
    for i in range(len(x)):
        x[i] = -x[i]


def check_shapes() raises:
    var x = counted(2, 3)
    expect(x.shape[0], 2)
    expect(x.shape[1], 3)
    expect(x.strides[0], 3)
    expect(len(x), 2)
    expect(x.size(), 6)
    var view = x.view()
    expect(view.rank, 2)
    expect(len(view), 2)
    expect(view.size(), 6)
    expect(Int(view.is_contiguous()), 1)
    expect(Int(view.transpose().is_contiguous()), 0)
    var cube = NDArray[DType.float32, 3].zeros(2, 0, 4)
    expect(cube.size(), 0)
    expect(String(cube), "[[], []]")
    expect(Int(cube.view().is_contiguous()), 1)


def check_elements() raises:
    var x = counted(2, 3)
    expect(String(x), "[[0, 1, 2], [10, 11, 12]]")
    x[1, 2] += 5
    expect(Int(x[1, 2]), 17)
    expect(total(x), 41)
    double(x)
    double(x.view())
    expect(total(x), 164)
    negate(x.row(1))
    expect(String(x), "[[0, 4, 8], [-40, -44, -68]]")
    var four = NDArray[DType.uint8, 4].zeros(2, 3, 4, 5)
    four[1, 2, 3, 4] = 7
    expect(Int(four.flat()[119]), 7)
    expect(Int(four.view().row(1).row(2).row(3)[4]), 7)
    var three = NDArray[DType.float64, 3](shape=StaticTuple[Int, 3](2, 2, 2), fill=1.5)
    three[0, 1, 0] = 3
    expect(String(three), "[[[1.5, 1.5], [3.0, 1.5]], [[1.5, 1.5], [1.5, 1.5]]]")


def check_parts() raises:
    var x = counted(3, 4)
    var view = x.view()
    expect(String(view.slice(0, 1, 3)), "[[10, 11, 12, 13], [20, 21, 22, 23]]")
    expect(String(view.slice(1, 1, 3)), "[[1, 2], [11, 12], [21, 22]]")
    expect(String(view.slice(1, 2, 2)), "[[], [], []]")
    expect(String(view.transpose().row(1)), "[1, 11, 21]")
    var inner = view.slice(0, 1, 3).slice(1, 1, 3)
    inner.fill(0)
    expect(String(x), "[[0, 1, 2, 3], [10, 0, 0, 13], [20, 0, 0, 23]]")
    inner.copy_from(NDArray(x.view().slice(0, 0, 2).slice(1, 2, 4)))
    expect(String(x), "[[0, 1, 2, 3], [10, 2, 3, 13], [20, 0, 13, 23]]")
    expect(Int(x.view().row(1).flat()[3]), 13)


def check_several_at_once() raises:
    var x = counted(3, 4)
    expect(String(x.unsafe_load[4](1, 0)), "[10, 11, 12, 13]")
    expect(String(x.view().unsafe_load[2](2, 1)), "[21, 22]")
    expect(String(x.view().transpose().unsafe_load[2](3, 1)), "[13, 23]")
    x.unsafe_store(0, 2, SIMD[DType.int, 2](-1, -2))
    x.view().transpose().unsafe_store(1, 0, SIMD[DType.int, 2](7, 8))
    x.row(2).unsafe_store(0, SIMD[DType.int, 2](5, 6))
    expect(String(x), "[[0, 7, -1, -2], [10, 8, 12, 13], [5, 6, 22, 23]]")


def check_who_owns() raises:
    var x = counted(2, 2)
    var copy = x.copy()
    copy[0, 0] = 9
    expect(Int(x[0, 0]), 0)
    var turned = NDArray(x.view().transpose())
    expect(Int(turned.view().is_contiguous()), 1)
    expect(String(turned), "[[0, 10], [1, 11]]")
    var moved = copy^
    expect(Int(moved[0, 0]), 9)
    var again = NDArray[DType.int, 2](shape=x.shape)
    expect(total(again), 0)
    var list: List[Scalar[DType.int]] = [1, 2, 3, 4, 5, 6]
    double(NDSpan[DType.int, 2](list, 3, 2))
    expect(Int(list[5]), 12)
    var arrays = List[NDArray[DType.int, 2]]()
    for i in range(3):
        arrays.append(counted(i, i))
    expect(total(arrays[2]), 22)


def main() raises:
    check_shapes()
    check_elements()
    check_parts()
    check_several_at_once()
    check_who_owns()
    print("all is well")
