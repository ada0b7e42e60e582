# Mojo 24.2 prints "True\n"

from math import abs

fn newton(x: Float64) -> Float64:
    var g = x / 2
    for _ in range(20):
        g = (g + x / g) / 2
    return g

fn main():
    print(abs(newton(2) - 1.41421356) < 1e-6)
