# Mojo 25.2 prints "0 7 0\n"

from collections import InlineArray

fn main():
    var a = InlineArray[Int, 3](fill=0)
    a[1] = 7
    print(a[0], a[1], a[2])
