# Mojo 24.5 prints "4 12\n"

from math import gcd, lcm

fn main():
    print(gcd(8, 12), lcm(4, 6))
