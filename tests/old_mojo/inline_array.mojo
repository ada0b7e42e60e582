# Mojo 24.6 prints "10\n"

from collections import InlineArray

fn main():
    var a = InlineArray[Int, 4](1, 2, 3, 4)
    var s = 0
    for i in range(4):
        s += a[i]
    print(s)
