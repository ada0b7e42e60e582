# Mojo 24.2 prints "True True\n"

from random import random_float64, random_si64, seed

fn main():
    seed(42)
    let x = random_float64(0, 1)
    let n = random_si64(1, 6)
    print(x >= 0 and x < 1, n >= 1 and n <= 6)
