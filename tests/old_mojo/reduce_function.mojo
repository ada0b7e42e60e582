# Mojo 24.6 prints "10 24\n"

fn reduce[f: fn (Int, Int) -> Int](xs: List[Int], start: Int) -> Int:
    var acc = start
    for x in xs:
        acc = f(acc, x[])
    return acc

fn add(a: Int, b: Int) -> Int:
    return a + b

fn mul(a: Int, b: Int) -> Int:
    return a * b

fn main():
    var xs = List[Int](1, 2, 3, 4)
    print(reduce[add](xs, 0), reduce[mul](xs, 1))
