# Mojo 24.5 prints "1 9\n"

fn min_max(xs: List[Int]) -> (Int, Int):
    var lo = xs[0]
    var hi = xs[0]
    for x in xs:
        if x[] < lo:
            lo = x[]
        if x[] > hi:
            hi = x[]
    return lo, hi

fn main():
    lo, hi = min_max(List[Int](4, 1, 9, 3))
    print(lo, hi)
