# Mojo 25.3 prints "a, b, c\n"

fn main():
    var xs = List[String]("a", "b", "c")
    print(String(", ").join(xs))
