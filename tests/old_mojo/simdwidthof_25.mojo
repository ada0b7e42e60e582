# Mojo 25.4 prints "True\n"

from sys import simdwidthof

fn main():
    alias w = simdwidthof[DType.float64]()
    print(w >= 2)
