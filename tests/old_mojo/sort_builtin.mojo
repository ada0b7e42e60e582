# Mojo 25.3 prints "1 2 3\n"

fn main():
    var xs = List[Int](3, 1, 2)
    sort(xs)
    print(xs[0], xs[1], xs[2])
