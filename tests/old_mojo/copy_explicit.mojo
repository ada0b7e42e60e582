# Mojo 25.5 prints "1 5\n"

struct Data(Copyable, Movable, ExplicitlyCopyable):
    var n: Int

    fn __init__(out self, n: Int):
        self.n = n

    fn copy(self) -> Self:
        return Self(self.n)

fn main():
    var a = Data(1)
    var b = a.copy()
    b.n = 5
    print(a.n, b.n)
