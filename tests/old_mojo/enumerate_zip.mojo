# Mojo 25.5 prints "0 a\n1 b\n"

fn main():
    var names = List[String]("a", "b")
    for i, name in enumerate(names):
        print(i, name)
