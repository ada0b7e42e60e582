# Mojo 25.3 prints "4\n"

fn extend_it(owned xs: List[Int]) -> Int:
    xs.append(1)
    return len(xs)

fn main():
    var xs = List[Int](1, 2, 3)
    print(extend_it(xs))
