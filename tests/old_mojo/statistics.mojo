# Mojo 25.4 prints "2.5 1.25\n"

from math import sqrt

fn mean(xs: List[Float64]) -> Float64:
    var s = 0.0
    for i in range(len(xs)):
        s += xs[i]
    return s / len(xs)

fn variance(xs: List[Float64]) -> Float64:
    var m = mean(xs)
    var s = 0.0
    for x in xs:
        s += (x[] - m) ** 2
    return s / len(xs)

fn main():
    var xs = List[Float64](1.0, 2.0, 3.0, 4.0)
    print(mean(xs), variance(xs))
