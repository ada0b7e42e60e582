# Mojo 24.2 prints "caught: negative\n3.0\n"

from math import sqrt

fn safe_sqrt(x: Float64) raises -> Float64:
    if x < 0:
        raise Error("negative")
    return sqrt(x)

fn main():
    try:
        print(safe_sqrt(-1))
    except e:
        print("caught:", e)
    try:
        print(safe_sqrt(9))
    except:
        print("no")
