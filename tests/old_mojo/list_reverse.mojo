# Mojo 25.2 prints "3 1\n"

fn main():
    var xs = List[Int](1, 2, 3)
    xs.reverse()
    print(xs[0], xs[2])
