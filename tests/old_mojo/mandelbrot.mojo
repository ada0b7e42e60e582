# Mojo 24.4 prints "50 0\n"

from complex import ComplexFloat64

alias MAX = 50

fn iterations(c: ComplexFloat64) -> Int:
    var z = ComplexFloat64(0, 0)
    for i in range(MAX):
        if z.squared_norm() > 4:
            return i - 1
        z = z * z + c
    return MAX

fn main():
    print(iterations(ComplexFloat64(0, 0)), iterations(ComplexFloat64(3, 3)))
