# Rolling windows and standard scores. A value that is NaN or infinite is missing: it is left out, and a window of which
# fewer than `least` are there gives NaN.

from std.math import sqrt
from std.utils.numerics import inf, isfinite, nan

comptime NAN = nan[DType.float64]()


struct Moments:
    """Count, sum and sum of squares of what is added less what is removed, about a value near the mean."""

    var near: Float64
    var count: Int
    var sum: Float64
    var squares: Float64

    def __init__(out self, values: Span[Float64, _]):
        """Those of some values."""
        var total = 0.0
        self.count = 0
        for x in values:
            var there = isfinite(x)
            total += x if there else 0.0
            self.count += Int(there)
        self.near = total / Float64(self.count) if self.count else 0.0
        self.sum = 0.0
        self.squares = 0.0
        for x in values:
            var off = x - self.near if isfinite(x) else 0.0
            self.sum += off
            self.squares += off * off

    @always_inline
    def add(mut self, x: Float64):
        if not isfinite(x):
            return
        if self.count == 0:
            self.near = x
            self.sum = 0.0
            self.squares = 0.0
        var off = x - self.near
        self.count += 1
        self.sum += off
        self.squares += off * off

    @always_inline
    def remove(mut self, x: Float64):
        if isfinite(x):
            var off = x - self.near
            self.count -= 1
            self.sum -= off
            self.squares -= off * off

    @always_inline
    def mean(self) -> Float64:
        return self.near + self.sum / Float64(self.count)

    @always_inline
    def deviation(self, ddof: Int) -> Float64:
        var squares = self.squares - self.sum * self.sum / Float64(self.count)
        return sqrt(max(squares, 0.0) / Float64(self.count - ddof))


def moments_each(
    values: Span[Float64, _],
    length: Int,
    window: Int,
    least: Int,
    ddof: Int,
    means: Span[mut=True, Float64, _],
    deviations: Span[mut=True, Float64, _],
):
    """Mean and standard deviation of every window, of series of one length, one after the other.

    They are computed anew after each window's length: rounding does not add up, and what they are taken about stays near.
    """
    if length < 1:
        return
    for series in range(len(values) // length):
        var x = values[series * length : (series + 1) * length]
        var mean = means[series * length : (series + 1) * length]
        var deviation = deviations[series * length : (series + 1) * length]
        for start in range(0, length, window):
            var now = Moments(x[max(0, start - window + 1) : start + 1])
            for i in range(start, min(start + window, length)):
                if i > start:
                    if i >= window:
                        now.remove(x[i - window])
                    now.add(x[i])
                mean[i] = now.mean() if now.count >= max(least, 1) else NAN
                deviation[i] = now.deviation(ddof) if now.count >= max(least, ddof + 1) else NAN


def extremes_each(
    values: Span[Float64, _], length: Int, window: Int, least: Int, lowest: Bool, found: Span[mut=True, Float64, _]
):
    """The lowest or the highest of every window, of series of one length, one after the other.

    Blocks of a window's length: what a window takes is the extreme of a block's end and of the next one's beginning (M. van
    Herk, 1992; J. Gil and M. Werman, 1993), three comparisons a value, whatever the window.
    """
    if length < 1:
        return
    var sign = -1.0 if lowest else 1.0
    var none = -inf[DType.float64]()
    var behind = List[Float64](length=length, fill=none)
    for series in range(len(values) // length):
        var x = values[series * length : (series + 1) * length]
        var first = series * length
        for i in range(length - 1, -1, -1):
            var here = sign * x[i] if isfinite(x[i]) else none
            var ends = i == length - 1 or (i + 1) % window == 0
            behind[i] = here if ends else max(here, behind[i + 1])
        var before = none
        var count = 0
        for i in range(length):
            var there = isfinite(x[i])
            var here = sign * x[i] if there else none
            before = here if i % window == 0 else max(before, here)
            count += Int(there)
            if i >= window:
                count -= Int(isfinite(x[i - window]))
            # Of the first windows all that there is, which is what their block has had so far.
            var most = before if i < window else max(before, behind[i - window + 1])
            found[first + i] = sign * most if count >= least and count > 0 else NAN


def scores_each(values: Span[Float64, _], length: Int, ddof: Int, found: Span[mut=True, Float64, _]):
    """The distance of every value from the mean in standard deviations, of series of one length; two passes each."""
    if length < 1:
        return
    for series in range(len(values) // length):
        var x = values[series * length : (series + 1) * length]
        var into = found[series * length : (series + 1) * length]
        var sum = 0.0
        var count = 0
        for value in x:
            var there = isfinite(value)
            sum += value if there else 0.0
            count += Int(there)
        var mean = sum / Float64(count) if count else NAN
        var squares = 0.0
        var rest = 0.0
        for value in x:
            var off = value - mean if isfinite(value) else 0.0
            squares += off * off
            rest += off
        # What rounding has left of the mean.
        var correction = rest / Float64(count) if count else 0.0
        mean += correction
        squares -= correction * rest
        var deviation = sqrt(squares / Float64(count - ddof)) if count > ddof else NAN
        for i in range(length):
            into[i] = (x[i] - mean) / deviation if isfinite(x[i]) and deviation > 0 else NAN
