# Mojo 24.3 prints "8.0 2.0 3 5\n"

from math import sqrt, pow, min, max

fn main():
    print(pow(2.0, 3), sqrt(Float64(4)), min(3, 5), max(3, 5))
