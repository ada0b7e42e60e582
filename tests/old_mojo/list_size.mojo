# Mojo 24.3 prints "2 2\n"

fn main():
    var xs = List[String]()
    xs.append("a")
    xs.append("b")
    print(xs.size, len(xs))
