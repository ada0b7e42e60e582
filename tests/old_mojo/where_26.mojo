# Mojo 26.1 prints "3\n"

fn largest[T: Copyable & Movable & Comparable](xs: List[T]) -> T:
    var best = xs[0]
    for x in xs:
        if x > best:
            best = x
    return best

fn main():
    var xs: List[Int] = [1, 3, 2]
    print(largest(xs))
