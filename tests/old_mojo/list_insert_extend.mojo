# Mojo 25.2 prints "4 0\n"

fn main():
    var xs = List[Int](1, 2)
    xs.insert(0, 0)
    xs.extend(List[Int](3))
    print(len(xs), xs[0])
