# Mojo 24.5 prints "0.5\n"

from math import exp

fn sigmoid(x: Float64) -> Float64:
    return 1 / (1 + exp(-x))

fn main():
    print(sigmoid(0))
