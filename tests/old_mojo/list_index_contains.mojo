# Mojo 25.2 prints "1 True\n"

fn main() raises:
    var xs = List[Int](4, 5, 6)
    print(xs.index(5), 6 in xs)
