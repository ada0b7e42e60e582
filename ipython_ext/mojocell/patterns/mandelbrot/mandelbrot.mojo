# The Mandelbrot set: how many steps z -> z² + c stays within a circle, for each point of an image.

from std.math import iota, log2
from std.sys import simd_width_of

comptime LANES = 2 * simd_width_of[DType.float64]()
comptime Vec = SIMD[DType.float64, LANES]
comptime RADIUS = 2.0
comptime FAR = 256.0  # a circle from which fractions of steps are smooth


def steps(x: Float64, y: Float64, limit: Int) -> Int:
    """How many steps one point takes to leave the circle of radius 2; the limit where it does not."""
    var a = 0.0
    var b = 0.0
    for i in range(limit):
        var aa = a * a
        var bb = b * b
        if aa + bb > RADIUS * RADIUS:
            return i
        b = 2 * a * b + y
        a = aa - bb + x
    return limit


def image(
    left: Float64, top: Float64, step: Float64, width: Int, limit: Int, smooth: Bool, found: Span[mut=True, Float64, _]
):
    """The steps of every point of an image, row by row from the top; smooth: with fractions of steps."""
    if width < 1:
        return
    var radius = FAR if smooth else RADIUS
    for row in range(len(found) // width):
        var line = found[row * width : (row + 1) * width]
        _line(left, top - Float64(row) * step, step, limit, radius, smooth, line)


def _line(
    left: Float64, y: Float64, step: Float64, limit: Int, radius: Float64, smooth: Bool, found: Span[mut=True, Float64, _]
):
    """One line, several points at a time; a vector goes on until the last of its points has left."""
    var data = found.unsafe_ptr()
    var offsets = iota[DType.float64, LANES]()
    for start in range(0, len(found), LANES):
        var x = Vec(left) + (offsets + Float64(start)) * step
        var counts = _points(x, Vec(y), limit, radius, smooth)
        if start + LANES <= len(found):
            data.unsafe_store(start, counts)
        else:
            for i in range(len(found) - start):
                found[start + i] = counts[i]


def _points(x: Vec, y: Vec, limit: Int, radius: Float64, smooth: Bool) -> Vec:
    var a = Vec(0)
    var b = Vec(0)
    var counts = Vec(0)
    var inside = SIMD[DType.bool, LANES](fill=True)
    var last = Vec(0)
    for _ in range(limit):
        var aa = a * a
        var bb = b * b
        var square = aa + bb
        inside &= square.le(radius * radius)
        if not inside.reduce_or():
            break
        counts += inside.select(Vec(1), Vec(0))
        b = inside.select(2 * a * b + y, b)
        a = inside.select(aa - bb + x, a)
        last = inside.select(a * a + b * b, last)
    if smooth:
        var left = counts.lt(Float64(limit))
        var fraction = 1 - log2(log2(last.gt(4.0).select(last, Vec(4.0))) / log2(Float64(radius * radius)))
        counts = left.select(counts + fraction, counts)
    return counts
