# Mojo 25.1 prints "2 3 4\n"

fn main():
    var xs = List[Int](1, 2, 3)
    for x in xs:
        x[] += 1
    print(xs[0], xs[1], xs[2])
