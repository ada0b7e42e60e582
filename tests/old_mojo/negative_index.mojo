# Mojo 25.3 prints "3\n"

fn main():
    var xs = List[Int](1, 2, 3)
    print(xs[-1])
