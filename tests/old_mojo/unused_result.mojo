# Mojo 25.3 prints "2\n"

fn main():
    var xs = List[Int](1, 2, 3)
    xs.pop()
    print(len(xs))
