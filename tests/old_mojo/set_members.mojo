# Mojo 24.4 prints "True False 3\n"

from collections import Set

fn main():
    var s = Set[Int](1, 2, 3, 3)
    print(2 in s, 9 in s, len(s))
