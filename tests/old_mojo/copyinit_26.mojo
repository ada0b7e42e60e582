# Mojo 25.7 prints "5 5\n"

struct C(Copyable, Movable):
    var n: Int

    fn __init__(out self, n: Int):
        self.n = n

    fn __copyinit__(out self, other: Self):
        self.n = other.n

    fn __moveinit__(out self, deinit other: Self):
        self.n = other.n

fn main():
    var a = C(5)
    var b = a.copy()
    print(a.n, b.n)
