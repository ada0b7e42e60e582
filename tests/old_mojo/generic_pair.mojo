# Mojo 25.2 prints "1 x\n"

struct Pair[A: CollectionElement, B: CollectionElement]:
    var a: A
    var b: B

    fn __init__(out self, owned a: A, owned b: B):
        self.a = a^
        self.b = b^

fn main():
    var p = Pair[Int, String](1, "x")
    print(p.a, p.b)
