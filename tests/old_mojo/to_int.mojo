# Mojo 24.2 prints "6\n"

from math import floor

fn main():
    let x: Float64 = 6.7
    print(floor(x).to_int())
