# Mojo 24.4 prints "4 2.0\n"

from math import ceildiv, ceil

fn main():
    print(ceildiv(10, 3), ceil(1.2))
