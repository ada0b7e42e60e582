# Mojo 25.2 prints "6\n"

from memory import Span

fn total(xs: Span[Int]) -> Int:
    var s = 0
    for x in xs:
        s += x[]
    return s

fn main():
    var xs = List[Int](1, 2, 3)
    print(total(xs))
