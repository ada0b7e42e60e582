# Mojo 25.6 prints "True\n"

from sys import simd_width_of

fn main():
    print(simd_width_of[DType.float32]() >= 4)
