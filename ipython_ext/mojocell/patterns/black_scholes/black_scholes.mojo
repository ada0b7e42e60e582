# Black and Scholes: prices of European options, their Greeks and the volatility that a price implies.
#
# Every formula is written once, for a vector of W options. A scalar function is the case W = 1; the functions for arrays
# take as many options at a time as two of the processor's vectors hold, and the rest one by one.

from std.math import fma, log, sqrt
from std.memory import bitcast
from std.sys import simd_width_of
from std.utils.numerics import inf, isfinite, nan

comptime LANES = 2 * simd_width_of[DType.float64]()  # two vectors: while one waits for a result, the other is worked on
comptime Reals[W: Int] = SIMD[DType.float64, W]
comptime Flags[W: Int] = SIMD[DType.bool, W]
comptime ROOT_TAU = 2.5066282746310002  # the square root of two pi


# --- exp and the normal distribution ----------------------------------------------------------

# 1/13!, … 1/0!
comptime EXP: List[Float64] = [
    1.6059043836821613e-10,
    2.08767569878681e-09,
    2.505210838544172e-08,
    2.755731922398589e-07,
    2.7557319223985893e-06,
    2.48015873015873e-05,
    0.0001984126984126984,
    0.001388888888888889,
    0.008333333333333333,
    0.041666666666666664,
    0.16666666666666666,
    0.5,
    1.0,
    1.0,
]

# Of MILLS, highest power first; a Chebyshev series of 24 terms, exact to 2e-16.
comptime MILLS: List[Float64] = [
    -1.1997782031253095e-10,
    -1.6886576966786735e-09,
    -5.873626764987191e-10,
    1.60673869573294e-08,
    1.7844927772981415e-08,
    -7.878360342693638e-08,
    -1.597739614223922e-07,
    2.647337281979868e-07,
    1.0247851016552774e-06,
    -6.249551077565178e-07,
    -5.921611045923978e-06,
    7.146021531267462e-07,
    3.514511190283765e-05,
    -1.907676030719098e-06,
    -0.00023109501736277426,
    0.00013334420916014778,
    0.0016308184674099085,
    -0.0034796923566515025,
    -0.007540188967386312,
    0.06039657489036092,
    -0.1865218579596366,
    0.3871374007422266,
    -0.6078966419718923,
    0.7552851304157514,
]


@always_inline
def _polynomial[W: Int, terms: List[Float64]](x: Reals[W]) -> Reals[W]:
    """Of an even number of terms, the highest power first. Odd and even powers are two chains that need not wait for each other."""
    var square = x * x
    var odd = Reals[W](materialize[terms[0]]())
    var even = Reals[W](materialize[terms[1]]())
    comptime for i in range(2, len(terms), 2):
        odd = fma(odd, square, Reals[W](materialize[terms[i]]()))
        even = fma(even, square, Reals[W](materialize[terms[i + 1]]()))
    return fma(odd, x, even)


@always_inline
def _exp[W: Int](x: Reals[W]) -> Reals[W]:
    """exp to the last digit or two; std.math's has eleven digits."""
    var y = x.clamp(-708.0, 709.0)
    var n = (y * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    var r = fma(n, Reals[W](-1.9082149292705877e-10), fma(n, Reals[W](-0.6931471803691238), y))
    var found = _polynomial[W, EXP](r) * bitcast[DType.float64, W]((n.cast[DType.int64]() + 1023) << 52)
    return x.lt(-708.0).select(Reals[W](0.0), found)


@always_inline
def _mills[W: Int](a: Reals[W]) -> Reals[W]:
    """What is beyond a >= 0 of the normal distribution, times exp(a * a / 2).

    Nowhere small or large, it is a polynomial of (a - 4) / (a + 4) over a + 4 (the change of variable is Schonfelder's, 1978).
    """
    var over = 1.0 / (a + 4.0)
    return _polynomial[W, MILLS]((a - 4.0) * over) * over


struct _Normal[W: Int]:
    """The normal distribution at d: what is below, what is above, and the density."""

    var below: Reals[Self.W]
    var above: Reals[Self.W]
    var density: Reals[Self.W]

    @always_inline
    def __init__(out self, d: Reals[Self.W]):
        var a = min(abs(d), Reals[Self.W](40.0))
        var square = a * a
        var lost = fma(a, a, -square)  # in the last digits of the square, which exp would magnify
        var bell = _exp[Self.W](-0.5 * square) * fma(lost, Reals[Self.W](-0.5), Reals[Self.W](1.0))
        var tail = bell * _mills[Self.W](a)
        var right = d.gt(0.0)
        self.below = right.select(1.0 - tail, tail)
        self.above = right.select(tail, 1.0 - tail)
        self.density = bell * (1.0 / ROOT_TAU)


# --- one option, or a vector of them ----------------------------------------------------------


struct _Option[W: Int]:
    """What prices and Greeks have in common. ``sign`` is 1 for a call, -1 for a put."""

    var spot: Reals[Self.W]
    var strike: Reals[Self.W]
    var rate: Reals[Self.W]
    var dividend: Reals[Self.W]
    var volatility: Reals[Self.W]
    var maturity: Reals[Self.W]
    var sign: Reals[Self.W]
    var sound: Flags[Self.W]
    var width: Reals[Self.W]
    var d1: Reals[Self.W]
    var d2: Reals[Self.W]
    var held: Reals[Self.W]  # the spot without the dividends until maturity
    var paid: Reals[Self.W]  # the strike, discounted

    @always_inline
    def __init__(
        out self,
        spot: Reals[Self.W],
        strike: Reals[Self.W],
        rate: Reals[Self.W],
        dividend: Reals[Self.W],
        volatility: Reals[Self.W],
        maturity: Reals[Self.W],
        sign: Reals[Self.W],
    ):
        self.spot = spot
        self.strike = strike
        self.rate = rate
        self.dividend = dividend
        self.volatility = volatility
        self.maturity = maturity
        self.sign = sign
        self.sound = spot.gt(0.0) & strike.gt(0.0) & volatility.ge(0.0) & maturity.ge(0.0)
        self.sound &= isfinite(spot * 0.0 + strike * 0.0 + rate * maturity + dividend * maturity + volatility * maturity)
        self.width = volatility * sqrt(maturity)
        var distance = log(spot / strike) + (rate - dividend) * maturity
        var certain = distance.gt(0.0).select(
            Reals[Self.W](inf[DType.float64]()),
            distance.lt(0.0).select(Reals[Self.W](-inf[DType.float64]()), Reals[Self.W](0.0)),
        )
        var middle = self.width.gt(0.0).select(distance / self.width, certain)
        self.d1 = middle + 0.5 * self.width
        self.d2 = middle - 0.5 * self.width
        self.held = spot * _exp[Self.W](-dividend * maturity)
        self.paid = strike * _exp[Self.W](-rate * maturity)

    @always_inline
    def or_nan(self, x: Reals[Self.W]) -> Reals[Self.W]:
        return self.sound.select(x, Reals[Self.W](nan[DType.float64]()))

    @always_inline
    def price(self) -> Reals[Self.W]:
        var first = _Normal[Self.W](self.sign * self.d1)
        var second = _Normal[Self.W](self.sign * self.d2)
        return self.or_nan(max(self.sign * (self.held * first.below - self.paid * second.below), Reals[Self.W](0.0)))

    @always_inline
    def greeks(self) -> Array[Reals[Self.W], 10]:
        """The price, then delta, gamma, vega, theta, rho, psi, vanna, volga and charm.

        Where nothing is left to chance the terms with the density are 0.
        """
        var zero = Reals[Self.W](0.0)
        var first = _Normal[Self.W](self.sign * self.d1)
        var second = _Normal[Self.W](self.sign * self.d2)
        var root = sqrt(self.maturity)
        var over_width = self.width.gt(0.0).select(1.0 / self.width, zero)
        var over_root = self.maturity.gt(0.0).select(1.0 / root, zero)
        var chance = over_width.gt(0.0).select(first.density, zero) * self.held
        var d1 = over_width.gt(0.0).select(self.d1, zero)
        var d2 = over_width.gt(0.0).select(self.d2, zero)
        var asset = self.sign * self.held * first.below
        var debt = self.sign * self.paid * second.below
        var growth = self.rate - self.dividend
        var vega = chance * root
        var found = Array[Reals[Self.W], 10](fill=zero)
        found[0] = asset - debt
        found[1] = asset / self.spot
        found[2] = chance * over_width / (self.spot * self.spot)
        found[3] = vega
        found[4] = self.dividend * asset - self.rate * debt - 0.5 * chance * self.volatility * over_root
        found[5] = self.maturity * debt
        found[6] = -self.maturity * asset
        found[7] = -chance / self.spot * d2 * over_width * root
        found[8] = vega * d1 * d2 * over_width * root
        var turn = growth * over_width - 0.5 * d2 * over_root * over_root
        found[9] = (self.dividend * asset - chance * turn) / self.spot
        comptime for i in range(10):
            found[i] = self.or_nan(found[i])
        return found^


@always_inline
def _implied[
    W: Int
](
    price: Reals[W],
    spot: Reals[W],
    strike: Reals[W],
    rate: Reals[W],
    dividend: Reals[W],
    maturity: Reals[W],
    sign: Reals[W],
) -> Reals[W]:
    """The volatility of a price: 0 where it is the least that the option can be worth, NaN where there is none.

    In units of the root of forward times strike, what an option out of the money is worth depends on its distance
    x = log(forward / strike) and on s = volatility * sqrt(maturity) alone, and is _mills twice times an exponential. Its
    logarithm is taken without the exponential, so that no price is too small. Below the point of inflection s = sqrt(2 |x|)
    the reciprocal of the logarithm is nearly a parabola of s; above, the logarithm of what is missing to the most that the
    option can be worth is. There, three to six of Halley's steps mostly reach the last digit (after P. Jäckel, Let's be rational, 2015).
    """
    var zero = Reals[W](0.0)
    var sound = spot.gt(0.0) & strike.gt(0.0) & maturity.gt(0.0)
    sound &= isfinite(price + spot + strike + rate * maturity + dividend * maturity)
    var growth = _exp[W]((rate - dividend) * maturity)
    var forward = spot * growth
    var worth = price * _exp[W](rate * maturity)
    var least = max(sign * (forward - strike), zero)
    var unit = sqrt(forward * strike)
    var beyond = worth - least
    # The least, but for rounding.
    var none = abs(beyond).le(8.0 * 2.220446049250313e-16 * max(max(forward, strike), worth) * least.gt(0.0).cast[DType.float64]())
    none |= beyond.eq(0.0)
    var value = none.select(zero, beyond) / unit
    var x = abs(log(spot / strike) + (rate - dividend) * maturity)
    var most = min(forward, strike) / unit
    sound &= value.ge(0.0) & value.lt(most)
    var search = sound & ~none

    var turning = max(sqrt(2.0 * x), Reals[W](1e-100))
    var bell = _exp[W](-0.5 * x)
    var there = bell * (0.5 - _mills[W](turning))
    var lower = value.lt(there)
    var target = log(search.select(lower.select(value, most - value), Reals[W](0.5)))
    var side = lower.select(Reals[W](-1.0), Reals[W](1.0))
    var s = lower.select(turning, turning + max(value - there, zero) * ROOT_TAU / bell)
    var low = lower.select(zero, turning)
    var high = lower.select(turning, turning + 40.0)
    var open = search
    for _ in range(32):
        var h = x / s
        var rest = _mills[W](abs(h - 0.5 * s)) + side * _mills[W](h + 0.5 * s)
        var logarithm = log(rest) - 0.5 * (h * h + 0.25 * s * s)
        var slope = ROOT_TAU * rest
        var bend = h * h / s - 0.25 * s
        var ahead = side * (logarithm - target)  # above 0: s is too small
        low = ahead.gt(0.0).select(max(low, s), low)
        high = ahead.lt(0.0).select(min(high, s), high)
        var step = lower.select(logarithm * (target - logarithm) / target, logarithm - target) * slope
        var curve = bend + lower.select(-(1.0 + 2.0 / logarithm), Reals[W](1.0)) / slope
        step /= max(fma(0.5 * step, curve, Reals[W](1.0)), Reals[W](0.25))
        var next = s + step
        next = (next.ge(low) & next.le(high)).select(next, 0.5 * (low + high))
        var moved = abs(next - s).gt(1e-6 * s)  # steps are cubic: the next would be of 1e-16
        s = open.select(next, s)
        open &= moved
        if not open.reduce_or():
            break
    var found = none.select(zero, s / sqrt(maturity))
    return sound.select(found, Reals[W](nan[DType.float64]()))


def price(
    spot: Float64,
    strike: Float64,
    rate: Float64,
    dividend: Float64,
    volatility: Float64,
    maturity: Float64,
    call: Bool,
) -> Float64:
    """The price of a European option."""
    var sign = 1.0 if call else -1.0
    return _Option[1](spot, strike, rate, dividend, volatility, maturity, sign).price()


def greeks(
    spot: Float64,
    strike: Float64,
    rate: Float64,
    dividend: Float64,
    volatility: Float64,
    maturity: Float64,
    call: Bool,
) -> Tuple[Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64]:
    """The price, then delta, gamma, vega, theta, rho, psi, vanna, volga and charm."""
    var sign = 1.0 if call else -1.0
    var g = _Option[1](spot, strike, rate, dividend, volatility, maturity, sign).greeks()
    return (g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7], g[8], g[9])


def implied(
    price: Float64,
    spot: Float64,
    strike: Float64,
    rate: Float64,
    dividend: Float64,
    maturity: Float64,
    call: Bool,
) -> Float64:
    """The volatility that a price implies."""
    return _implied[1](price, spot, strike, rate, dividend, maturity, 1.0 if call else -1.0)


# --- arrays -----------------------------------------------------------------------------------


@always_inline
def _at[W: Int](x: Span[Float64, _], i: Int) -> Reals[W]:
    """W elements from i on; of an array of one element that one for all."""
    if len(x) == 1:
        return Reals[W](x.unsafe_ptr().unsafe_load(0))
    return x.unsafe_ptr().unsafe_load[width=W](i)


@always_inline
def _options[
    W: Int
](
    i: Int,
    spot: Span[Float64, _],
    strike: Span[Float64, _],
    rate: Span[Float64, _],
    dividend: Span[Float64, _],
    volatility: Span[Float64, _],
    maturity: Span[Float64, _],
    sign: Span[Float64, _],
) -> _Option[W]:
    return _Option[W](
        _at[W](spot, i),
        _at[W](strike, i),
        _at[W](rate, i),
        _at[W](dividend, i),
        _at[W](volatility, i),
        _at[W](maturity, i),
        _at[W](sign, i),
    )


def price_each(
    spot: Span[Float64, _],
    strike: Span[Float64, _],
    rate: Span[Float64, _],
    dividend: Span[Float64, _],
    volatility: Span[Float64, _],
    maturity: Span[Float64, _],
    sign: Span[Float64, _],
    found: Span[mut=True, Float64, _],
) raises:
    """The price of each option; arrays have as many elements as there are options, or one. A call's sign is 1, a put's -1."""
    var n = len(found)
    _check(n, len(spot), len(strike), len(rate), len(dividend), len(volatility), len(maturity), len(sign))
    var whole = n - n % LANES
    for i in range(0, whole, LANES):
        var options = _options[LANES](i, spot, strike, rate, dividend, volatility, maturity, sign)
        found.unsafe_ptr().unsafe_store(i, options.price())
    for i in range(whole, n):
        found[i] = _options[1](i, spot, strike, rate, dividend, volatility, maturity, sign).price()


def greeks_each(
    spot: Span[Float64, _],
    strike: Span[Float64, _],
    rate: Span[Float64, _],
    dividend: Span[Float64, _],
    volatility: Span[Float64, _],
    maturity: Span[Float64, _],
    sign: Span[Float64, _],
    found: Span[mut=True, Float64, _],
) raises:
    """All prices, then all deltas, and so on: ten times as many numbers as there are options."""
    var n = len(found) // 10
    _check(n, len(spot), len(strike), len(rate), len(dividend), len(volatility), len(maturity), len(sign))
    var whole = n - n % LANES
    for i in range(0, whole, LANES):
        var all = _options[LANES](i, spot, strike, rate, dividend, volatility, maturity, sign).greeks()
        comptime for k in range(10):
            found.unsafe_ptr().unsafe_store(k * n + i, all[k])
    for i in range(whole, n):
        var all = _options[1](i, spot, strike, rate, dividend, volatility, maturity, sign).greeks()
        comptime for k in range(10):
            found[k * n + i] = all[k]


def implied_each(
    price: Span[Float64, _],
    spot: Span[Float64, _],
    strike: Span[Float64, _],
    rate: Span[Float64, _],
    dividend: Span[Float64, _],
    maturity: Span[Float64, _],
    sign: Span[Float64, _],
    found: Span[mut=True, Float64, _],
) raises:
    """The volatility that each price implies."""
    var n = len(found)
    _check(n, len(price), len(spot), len(strike), len(rate), len(dividend), len(maturity), len(sign))
    var whole = n - n % LANES
    for i in range(0, whole, LANES):
        found.unsafe_ptr().unsafe_store(
            i,
            _implied[LANES](
                _at[LANES](price, i),
                _at[LANES](spot, i),
                _at[LANES](strike, i),
                _at[LANES](rate, i),
                _at[LANES](dividend, i),
                _at[LANES](maturity, i),
                _at[LANES](sign, i),
            ),
        )
    for i in range(whole, n):
        found[i] = _implied[1](
            _at[1](price, i),
            _at[1](spot, i),
            _at[1](strike, i),
            _at[1](rate, i),
            _at[1](dividend, i),
            _at[1](maturity, i),
            _at[1](sign, i),
        )


def _check(n: Int, *lengths: Int) raises:
    """Vectors are read without a look at the length of each array."""
    for length in lengths:
        if length != n and length != 1:
            raise Error("an array has ", length, " elements where there are ", n, " options")
