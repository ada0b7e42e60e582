# Mojo 24.3 prints "6\n"

from utils import StaticTuple

fn main():
    var t = StaticTuple[Int, 3](1, 2, 3)
    print(t[0] + t[1] + t[2])
