# Mojo 24.2 prints "1.0 0.0 3.0\n"

import math

fn main():
    print(math.cos(0.0), math.sin(0.0), math.floor(3.7))
