# Monte Carlo: the area of a circle, European and Asian options.
#
# Random numbers are Philox4x64-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011), a function of key and
# counter without a state: any of them can be had at any time, by each lane of a vector for itself. Key and counter are
# those of numpy.random.Philox, so that the numbers are NumPy's to the bit.

from std.math import erfc, exp, fma, iota, log, sqrt
from std.memory import bitcast
from std.sys import simd_width_of

comptime LANES = 2 * simd_width_of[DType.float64]()  # two vectors: while one waits for a result, the other is worked on
comptime Vec = SIMD[DType.float64, LANES]
comptime Words = SIMD[DType.uint64, LANES]
comptime TAU = 6.283185307179586


# --- random numbers ---------------------------------------------------------------------------


@always_inline
def _multiply(a: UInt64, b: Words, mut high: Words) -> Words:
    """The low and the high words of 128-bit products, of products of 32 bits that vectors have."""
    var a0 = a & 0xFFFFFFFF
    var a1 = a >> 32
    var b0 = b & 0xFFFFFFFF
    var b1 = b >> 32
    var middle = b0 * a1 + ((b0 * a0) >> 32)
    var other = b1 * a0 + (middle & 0xFFFFFFFF)
    high = b1 * a1 + (middle >> 32) + (other >> 32)
    return b * a


@always_inline
def _philox(seed: UInt64, stream: UInt64, counter: Words) -> Tuple[Words, Words, Words, Words]:
    """Four words for each counter, in ten rounds."""
    var x0 = counter
    var x1 = Words(0)
    var x2 = Words(0)
    var x3 = Words(0)
    var k0 = seed
    var k1 = stream
    comptime for _ in range(10):
        var high0 = Words(0)
        var high2 = Words(0)
        var low0 = _multiply(0xD2E7470EE14C6C93, x0, high0)
        var low2 = _multiply(0xCA5A826395121157, x2, high2)
        x0 = high2 ^ x1 ^ k0
        x1 = low2
        x2 = high0 ^ x3 ^ k1
        x3 = low0
        k0 += 0x9E3779B97F4A7C15
        k1 += 0xBB67AE8584CAA73B
    return (x0, x1, x2, x3)


@always_inline
def _unit(words: Words) -> Vec:
    """Multiples of 2**-53 from 0 to below 1."""
    return (words >> 11).cast[DType.float64]() * (1.0 / 9007199254740992.0)


@always_inline
def _uniforms(seed: UInt64, stream: UInt64, counter: Words) -> Tuple[Vec, Vec, Vec, Vec]:
    """Four uniform numbers for each counter."""
    var x = _philox(seed, stream, counter)
    return (_unit(x[0]), _unit(x[1]), _unit(x[2]), _unit(x[3]))


@always_inline
def _polar(u: Vec, v: Vec) -> Tuple[Vec, Vec]:
    """Two normal numbers of two uniform ones (Box and Muller, 1958).

    The angle is cut to an eighth of the circle, which is exact in whole turns; there, Taylor's polynomials are.
    """
    var radius = sqrt(-2.0 * log(1.0 - u))
    var quarter = (4.0 * v + 0.5).cast[DType.int64]()
    var a = (v - 0.25 * quarter.cast[DType.float64]()) * TAU
    var s = a * a
    var sine = Vec(-7.647163731819816e-13)  # -1/15!
    sine = fma(sine, s, Vec(1.6059043836821613e-10))
    sine = fma(sine, s, Vec(-2.505210838544172e-08))
    sine = fma(sine, s, Vec(2.7557319223985893e-06))
    sine = fma(sine, s, Vec(-0.0001984126984126984))
    sine = fma(sine, s, Vec(0.008333333333333333))
    sine = fma(sine, s, Vec(-0.16666666666666666))
    sine = fma(sine * s, a, a)
    var cosine = Vec(4.779477332387385e-14)  # 1/16!
    cosine = fma(cosine, s, Vec(-1.1470745597729725e-11))
    cosine = fma(cosine, s, Vec(2.08767569878681e-09))
    cosine = fma(cosine, s, Vec(-2.755731922398589e-07))
    cosine = fma(cosine, s, Vec(2.48015873015873e-05))
    cosine = fma(cosine, s, Vec(-0.001388888888888889))
    cosine = fma(cosine, s, Vec(0.041666666666666664))
    cosine = fma(cosine, s, Vec(-0.5))
    cosine = fma(cosine, s, Vec(1.0))
    var odd = (quarter & 1).ne(0)
    var x = odd.select(sine, cosine)
    var y = odd.select(cosine, sine)
    x = ((quarter + 1) & 2).ne(0).select(-x, x)
    y = (quarter & 2).ne(0).select(-y, y)
    return (radius * x, radius * y)


@always_inline
def _normals(seed: UInt64, stream: UInt64, counter: Words) -> Tuple[Vec, Vec, Vec, Vec]:
    """Four normal numbers for each counter."""
    var u = _uniforms(seed, stream, counter)
    var first = _polar(u[0], u[1])
    var second = _polar(u[2], u[3])
    return (first[0], first[1], second[0], second[1])


@always_inline
def _exp(x: Vec) -> Vec:
    """exp to the last digit or two; std.math's has eleven digits."""
    var y = x.clamp(-708.0, 709.0)
    var n = (y * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    var r = fma(n, Vec(-1.9082149292705877e-10), fma(n, Vec(-0.6931471803691238), y))
    var p = Vec(1.6059043836821613e-10)  # 1/13!
    p = fma(p, r, Vec(2.08767569878681e-09))
    p = fma(p, r, Vec(2.505210838544172e-08))
    p = fma(p, r, Vec(2.755731922398589e-07))
    p = fma(p, r, Vec(2.7557319223985893e-06))
    p = fma(p, r, Vec(2.48015873015873e-05))
    p = fma(p, r, Vec(0.0001984126984126984))
    p = fma(p, r, Vec(0.001388888888888889))
    p = fma(p, r, Vec(0.008333333333333333))
    p = fma(p, r, Vec(0.041666666666666664))
    p = fma(p, r, Vec(0.16666666666666666))
    p = fma(p, r, Vec(0.5))
    p = fma(p, r, Vec(1.0))
    p = fma(p, r, Vec(1.0))
    return p * bitcast[DType.float64, LANES]((n.cast[DType.int64]() + 1023) << 52)


def _exp_one(x: Float64) -> Float64:
    return _exp(Vec(x))[0]


@always_inline
def _counters(block: Int, apart: Int = 1) -> Words:
    """The counters of LANES blocks; NumPy's first is 1."""
    return iota[DType.uint64, LANES](0) * UInt64(apart) + UInt64(block + 1)


def uniforms(seed: UInt64, stream: UInt64, numbers: Span[mut=True, Float64, _]):
    """Fill an array with the uniform numbers of a stream."""
    for start in range(0, len(numbers), 4 * LANES):
        _store(_uniforms(seed, stream, _counters(start // 4)), start, numbers)


def normals(seed: UInt64, stream: UInt64, numbers: Span[mut=True, Float64, _]):
    """Fill an array with the normal numbers of a stream."""
    for start in range(0, len(numbers), 4 * LANES):
        _store(_normals(seed, stream, _counters(start // 4)), start, numbers)


@always_inline
def _store(x: Tuple[Vec, Vec, Vec, Vec], start: Int, numbers: Span[mut=True, Float64, _]):
    """Write the numbers of LANES blocks, four and four."""
    var ordered = x[0].interleave(x[2]).interleave(x[1].interleave(x[3]))
    var left = len(numbers) - start
    if left >= 4 * LANES:
        numbers.unsafe_ptr().unsafe_store(start, ordered)
    else:
        for i in range(left):
            numbers[start + i] = ordered[i]


# --- the area of a circle ---------------------------------------------------------------------


def pi_inside(seed: UInt64, samples: Int, stream: UInt64 = 0) -> Int:
    """How many of the points of a square are within its quarter of a circle."""
    var inside = SIMD[DType.int64, LANES](0)
    for point in range(0, samples, 2 * LANES):
        var u = _uniforms(seed, stream, _counters(point // 2))
        var first = (u[0] * u[0] + u[1] * u[1]).lt(1.0)
        var second = (u[2] * u[2] + u[3] * u[3]).lt(1.0)
        if point + 2 * LANES > samples:
            first &= _present(point, 2, samples)
            second &= _present(point + 1, 2, samples)
        inside += first.cast[DType.int64]() + second.cast[DType.int64]()
    return Int(inside.reduce_add())


@always_inline
def _present(first: Int, apart: Int, count: Int) -> SIMD[DType.bool, LANES]:
    """Which of the numbers first, first + apart, … are below the count."""
    return (iota[DType.int64, LANES](0) * Int64(apart) + Int64(first)).lt(Int64(count))


# --- means ------------------------------------------------------------------------------------


struct _Moments:
    """Sums of what is estimated and of its control, each less a constant near it, lane by lane.

    The constants keep what cancels in a variance small; a payoff that never varies has an error of exactly 0.
    """

    var y: Vec
    var c: Vec
    var yy: Vec
    var yc: Vec
    var cc: Vec
    var near: Float64
    var mean: Float64

    def __init__(out self, near: Float64, mean: Float64):
        self.y = 0
        self.c = 0
        self.yy = 0
        self.yc = 0
        self.cc = 0
        self.near = near
        self.mean = mean

    @always_inline
    def add(mut self, value: Vec, control: Vec, present: SIMD[DType.bool, LANES]):
        var y = present.select(value - self.near, Vec(0))
        var c = present.select(control - self.mean, Vec(0))
        self.y += y
        self.c += c
        self.yy = fma(y, y, self.yy)
        self.yc = fma(y, c, self.yc)
        self.cc = fma(c, c, self.cc)

    def estimate(self, count: Int, controlled: Bool) -> Tuple[Float64, Float64]:
        """The mean and its standard error; with the control at its best coefficient."""
        var n = Float64(count)
        var y = self.y.reduce_add() / n
        var c = self.c.reduce_add() / n
        var yy = self.yy.reduce_add() - n * y * y
        var free = n - 1
        if controlled:
            var cc = self.cc.reduce_add() - n * c * c
            var yc = self.yc.reduce_add() - n * y * c
            if cc > 0:
                y -= yc / cc * c
                yy -= yc / cc * yc
            free = n - 2
        return (self.near + y, sqrt(max(yy, 0.0) / free / n))


# --- options ----------------------------------------------------------------------------------


def european(
    seed: UInt64,
    samples: Int,
    spot: Float64,
    strike: Float64,
    rate: Float64,
    dividend: Float64,
    volatility: Float64,
    maturity: Float64,
    call: Bool,
    antithetic: Bool,
    control: Bool,
    stream: UInt64 = 0,
) -> Tuple[Float64, Float64]:
    """The price of a European option and its standard error, from values at maturity."""
    var drift = log(spot) + (rate - dividend - volatility * volatility / 2) * maturity
    var width = volatility * sqrt(maturity)
    var discount = _exp_one(-rate * maturity)
    var forward = spot * _exp_one((rate - dividend) * maturity)
    var sign = 1.0 if call else -1.0
    var mirror = _exp_one(2 * drift)  # the product of a value and its mirror image

    var sums = _Moments(max(sign * (_exp_one(drift) - strike), 0.0), forward)
    for start in range(0, samples, 4 * LANES):
        var z = _normals(seed, stream, _counters(start // 4))
        comptime for k in range(4):
            var value = _exp(fma(z[k], Vec(width), Vec(drift)))
            var payoff = max(sign * (value - strike), Vec(0))
            if antithetic:
                var other = mirror / value
                payoff = 0.5 * (payoff + max(sign * (other - strike), Vec(0)))
                value = 0.5 * (value + other)
            sums.add(payoff, value, _present(start + k, 4, samples))
    var found = sums.estimate(samples, control)
    return (discount * found[0], discount * found[1])


def asian(
    seed: UInt64,
    samples: Int,
    dates: Int,
    spot: Float64,
    strike: Float64,
    rate: Float64,
    dividend: Float64,
    volatility: Float64,
    maturity: Float64,
    call: Bool,
    antithetic: Bool,
    control: Bool,
    stream: UInt64 = 0,
) -> Tuple[Float64, Float64]:
    """The price of an option on the mean of a path's values at equally distant dates, and its standard error.

    The control is the payoff on the geometric mean, whose price is known.
    """
    var step = maturity / Float64(dates)
    var drift = (rate - dividend - volatility * volatility / 2) * step
    var discount = _exp_one(-rate * maturity)
    var known = geometric_asian(dates, spot, strike, rate, dividend, volatility, maturity, call) / discount
    var sign = 1.0 if call else -1.0
    var still = 0.0  # the mean of a path that only drifts
    for date in range(1, dates + 1):
        still += spot * _exp_one(drift * Float64(date)) / Float64(dates)
    var sums = _Moments(max(sign * (still - strike), 0.0), known)
    var width = volatility * sqrt(step)
    if antithetic:
        _follow[True](sums, seed, stream, samples, dates, spot, strike, drift, width, sign)
    else:
        _follow[False](sums, seed, stream, samples, dates, spot, strike, drift, width, sign)
    var found = sums.estimate(samples, control)
    return (discount * found[0], discount * found[1])


def _follow[
    antithetic: Bool
](
    mut sums: _Moments,
    seed: UInt64,
    stream: UInt64,
    samples: Int,
    dates: Int,
    spot: Float64,
    strike: Float64,
    drift: Float64,
    width: Float64,
    sign: Float64,
):
    """Add the payoffs of paths, each lane's its own."""
    var blocks = (dates + 3) // 4  # of random numbers that a path takes
    var each = 1.0 / Float64(dates)
    var middle = log(spot) + drift * Float64(dates + 1) / 2
    for start in range(0, samples, LANES):
        var noise = Vec(0)  # of the logarithm
        var noises = Vec(0)
        var total = Vec(0)
        var mirrored = Vec(0)
        for block in range(blocks):
            var z = _normals(seed, stream, _counters(start * blocks + block, blocks))
            comptime for k in range(4):
                var date = 4 * block + k + 1
                if date <= dates:
                    var drifted = drift * Float64(date)
                    noise = fma(z[k], Vec(width), noise)
                    noises += noise
                    total += _exp(drifted + noise)
                    comptime if antithetic:
                        mirrored += _exp(drifted - noise)
        var payoff = max(sign * (spot * each * total - strike), Vec(0))
        var geometric = max(sign * (_exp(middle + noises * each) - strike), Vec(0))
        comptime if antithetic:
            payoff = 0.5 * (payoff + max(sign * (spot * each * mirrored - strike), Vec(0)))
            geometric = 0.5 * (geometric + max(sign * (_exp(middle - noises * each) - strike), Vec(0)))
        sums.add(payoff, geometric, _present(start, 1, samples))


def geometric_asian(
    dates: Int,
    spot: Float64,
    strike: Float64,
    rate: Float64,
    dividend: Float64,
    volatility: Float64,
    maturity: Float64,
    call: Bool,
) -> Float64:
    """The price of an option on the geometric mean, which is known (Kemna and Vorst, 1990)."""
    var m = Float64(dates)
    var middle = log(spot) + (rate - dividend - volatility * volatility / 2) * maturity * (m + 1) / (2 * m)
    var width = volatility * sqrt(maturity * (m + 1) * (2 * m + 1) / (6 * m * m))
    var forward = _exp_one(middle + width * width / 2)
    var sign = 1.0 if call else -1.0
    var discount = _exp_one(-rate * maturity)
    if width == 0:
        return discount * max(sign * (forward - strike), 0.0)
    var d = (middle - log(strike)) / width
    return discount * sign * (forward * _normal(sign * (d + width)) - strike * _normal(sign * d))


def _normal(x: Float64) -> Float64:
    return 0.5 * erfc(-x / sqrt(2.0))
