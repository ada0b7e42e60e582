# Mojo 25.3 prints "True\n"

from math import pi, e

fn main():
    print(pi > 3.14 and e < 2.72)
