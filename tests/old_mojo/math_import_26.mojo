# Mojo 26.1 prints "3.0\n"

from math import sqrt

fn main():
    print(sqrt(9.0))
