# Value at risk and expected shortfall: historical, from the worst of the returns, and parametric, of a normal distribution.
#
# Both are losses, positive where money is lost. A return that is NaN makes the results NaN.

from std.bit import log2_floor
from std.math import erfc, exp, floor, fma, log, sqrt
from std.sys import simd_width_of
from std.sys.intrinsics import compressed_store
from std.utils.numerics import inf, isnan, nan

comptime LANES = simd_width_of[DType.float64]()
comptime Vec = SIMD[DType.float64, LANES]
comptime SMALL = 512


# --- historical -------------------------------------------------------------------------------


def historical(returns: Span[Float64, _], level: Float64) -> Tuple[Float64, Float64]:
    """Value at risk and expected shortfall at one level of confidence."""
    var levels: List[Float64] = [level]
    var found: List[Float64] = [0.0, 0.0]
    _historical(returns, levels, found)
    return (found[0], found[1])


def historical_each(
    returns: Span[Float64, _], length: Int, levels: Span[Float64, _], found: Span[mut=True, Float64, _]
):
    """The same of many series of one length, one after the other, at several levels, the lowest first.

    For each series and each level the value at risk and the expected shortfall are written.
    """
    var width = 2 * len(levels)
    for i in range(len(found) // width):
        _historical(returns[i * length : (i + 1) * length], levels, found[i * width : (i + 1) * width])


def _historical(returns: Span[Float64, _], levels: Span[Float64, _], found: Span[mut=True, Float64, _]):
    """The quantile between two returns, and the mean of the worst, each level's among those of the level before; NaN of none."""
    var n = len(returns)
    var share = 1.0 - levels[0]
    var needed = min(n, Int(floor(Float64(n - 1) * share)) + 2)
    var bound = _bound(returns, share)
    var room = bound[1]
    var worst = List[Float64](unsafe_uninit_length=room + LANES)
    var count = _collect(returns, bound[0], worst, room)
    if count >= 0 and (count < needed or count > room):  # the sample misled
        worst = List[Float64](unsafe_uninit_length=n + LANES)
        count = _collect(returns, inf[DType.float64](), worst, n)
    if count <= 0:
        for ref value in found:
            value = nan[DType.float64]()
        return

    for i in range(len(levels)):
        share = 1.0 - levels[i]
        var place = Float64(n - 1) * share
        var k = Int(floor(place))
        var tail = Span(worst)[0:count]
        _select(tail, k)
        var at = tail[k]
        var next = at
        if k + 1 < count:
            next = _least(tail[k + 1 :])
            tail[k + 1] = next
            count = k + 2
        var part = Float64(n) * share - Float64(k)  # of the worst, how many are to be counted beyond the first k
        var sum = _sum(tail[0:k]) + min(part, 1.0) * at + max(part - 1.0, 0.0) * next
        found[2 * i] = -(at + (place - Float64(k)) * (next - at))
        found[2 * i + 1] = -sum / (Float64(n) * share)


def _bound(returns: Span[Float64, _], share: Float64) -> Tuple[Float64, Int]:
    """A value up to which there are likely somewhat more than this share of the returns, and hardly more than so many."""
    var n = len(returns)
    var everything = (inf[DType.float64](), n)
    var size = max(min(n // 64, 8192), 32)
    var place = Float64(size) * share
    var k = Int(place + 3 * sqrt(place * (1 - share))) + 2
    if n < SMALL or k >= size:
        return everything
    var sample = List[Float64](capacity=size)
    for i in range(size):
        var value = returns[i * n // size]
        if isnan(value):
            return everything
        sample.append(value)
    _select(sample, k)
    var most = (Float64(k) + 4 * sqrt(Float64(k))) / Float64(size)
    return (sample[k], min(n, Int(most * Float64(n)) + LANES))


def _collect(
    returns: Span[Float64, _], bound: Float64, mut into: List[Float64], room: Int
) -> Int:
    """Write the returns up to a bound, and give how many: more than there is room for if they are, -1 if one is NaN."""
    var data = returns.unsafe_ptr()
    var target = into.unsafe_ptr()
    var count = 0
    var whole = len(returns) - len(returns) % LANES
    var missing = SIMD[DType.bool, LANES](fill=False)
    for i in range(0, whole, LANES):
        var values = data.unsafe_load[width=LANES](i)
        var chosen = values.le(bound)
        missing |= isnan(values)
        if chosen.reduce_or():
            compressed_store(values, target.unsafe_offset(count), chosen)
            count += Int(chosen.cast[DType.uint8]().reduce_add())
            if count > room:
                return count
    for i in range(whole, len(returns)):
        var value = returns[i]
        if isnan(value):
            return -1
        if value <= bound:
            into[count] = value
            count += 1
    return -1 if missing.reduce_or() else count


def _select(values: Span[mut=True, Float64, _], k: Int):
    """Put the value of rank k in its place, what is less before it and what is greater behind (Hoare's quickselect)."""
    var data = values.unsafe_ptr()
    var low = 0
    var high = len(values) - 1
    var rounds = 4 * log2_floor(len(values) + 1)
    while high > low:
        if rounds == 0:
            sort(values[low : high + 1])
            return
        rounds -= 1
        var a = data[unsafe_offset=low]
        var b = data[unsafe_offset=(low + high) // 2]
        var c = data[unsafe_offset=high]
        var pivot = max(min(a, b), min(max(a, b), c))
        var i = low
        var j = high
        while i <= j:
            while data[unsafe_offset=i] < pivot:
                i += 1
            while data[unsafe_offset=j] > pivot:
                j -= 1
            if i <= j:
                var held = data[unsafe_offset=i]
                data[unsafe_offset=i] = data[unsafe_offset=j]
                data[unsafe_offset=j] = held
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            return


def _least(values: Span[Float64, _]) -> Float64:
    var least = values[0]
    for value in values:
        least = min(least, value)
    return least


def _sum(values: Span[Float64, _]) -> Float64:
    """In lanes, which is faster than one by one, and more exact."""
    var data = values.unsafe_ptr()
    var whole = len(values) - len(values) % LANES
    var sums = Vec(0)
    for i in range(0, whole, LANES):
        sums += data.unsafe_load[width=LANES](i)
    var sum = sums.reduce_add()
    for i in range(whole, len(values)):
        sum += values[i]
    return sum


# --- parametric -------------------------------------------------------------------------------


def parametric(returns: Span[Float64, _], level: Float64) -> Tuple[Float64, Float64]:
    """Value at risk and expected shortfall at one level of confidence, of two returns or more."""
    var levels: List[Float64] = [level]
    var found: List[Float64] = [0.0, 0.0]
    _parametric(returns, levels, found)
    return (found[0], found[1])


def parametric_each(
    returns: Span[Float64, _], length: Int, levels: Span[Float64, _], found: Span[mut=True, Float64, _]
):
    """The same of many series of one length, one after the other, at several levels.

    For each series and each level the value at risk and the expected shortfall are written.
    """
    var width = 2 * len(levels)
    for i in range(len(found) // width):
        _parametric(returns[i * length : (i + 1) * length], levels, found[i * width : (i + 1) * width])


def _parametric(returns: Span[Float64, _], levels: Span[Float64, _], found: Span[mut=True, Float64, _]):
    var moments = _moments(returns)
    for i in range(len(levels)):
        var share = 1.0 - levels[i]
        var z = normal_quantile(share)
        var density = exp(-0.5 * z * z) / 2.5066282746310002
        found[2 * i] = -moments[0] - moments[1] * z
        found[2 * i + 1] = -moments[0] + moments[1] * density / share


def _moments(returns: Span[Float64, _]) -> Tuple[Float64, Float64]:
    """Mean and standard deviation, in one pass: less a value near the mean, little cancels in the sum of squares."""
    var n = len(returns)
    var near = _sum(returns[0 : min(n, SMALL)]) / Float64(min(n, SMALL))
    var data = returns.unsafe_ptr()
    var whole = n - n % (4 * LANES)
    var sums = SIMD[DType.float64, 4 * LANES](0)
    var squares = SIMD[DType.float64, 4 * LANES](0)
    for i in range(0, whole, 4 * LANES):
        var d = data.unsafe_load[width = 4 * LANES](i) - near
        sums += d
        squares = fma(d, d, squares)
    var sum = sums.reduce_add()
    var square = squares.reduce_add()
    for i in range(whole, n):
        var d = returns[i] - near
        sum += d
        square += d * d
    var mean = sum / Float64(n)
    return (near + mean, sqrt(max(square - sum * mean, 0.0) / Float64(n - 1)))


def normal_quantile(share: Float64) -> Float64:
    """What this share of a standard normal distribution is below.

    Newton's steps on the logarithm of the distribution, which is concave: they converge from everywhere.
    """
    if share > 0.5:
        return -normal_quantile(1.0 - share)
    var target = log(share)
    var z = -sqrt(max(-2.0 * target - 1.0, 0.0))
    for _ in range(50):
        var below = 0.5 * erfc(-z / sqrt(2.0))
        var density = exp(-0.5 * z * z) / 2.5066282746310002
        var step = (target - log(below)) * below / density
        z += step
        if abs(step) <= 1e-15 * abs(z):
            break
    return z
