# Mojo 24.4 prints "1\n2\n3\n"

from collections import List

fn main():
    var xs = List[Int](1, 2, 3)
    for x in xs:
        print(x[])
