# Mojo 24.3 prints "3 4.0\n"

from math import abs, round

fn main():
    print(abs(-3), round(3.6))
