# Mojo 24.4 prints "True\n"

from random import seed, random_float64

fn main():
    seed(1)
    var inside = 0
    for _ in range(10000):
        var x = random_float64()
        var y = random_float64()
        if x * x + y * y <= 1:
            inside += 1
    var pi = 4.0 * inside / 10000
    print(pi > 3 and pi < 3.3)
