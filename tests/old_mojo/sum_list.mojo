# Mojo 24.3 prints "60\n"

from collections import List

fn total(xs: List[Int]) -> Int:
    var t = 0
    for i in range(len(xs)):
        t += xs[i]
    return t

fn main():
    var xs = List[Int]()
    xs.append(10)
    xs.append(20)
    xs.append(30)
    print(total(xs))
