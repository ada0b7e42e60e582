# Mojo 25.5 prints "[1, 2, 3]\n"

fn main():
    var xs = List[Int](1, 2, 3)
    print(xs.__str__())
