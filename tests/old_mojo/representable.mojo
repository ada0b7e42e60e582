# Mojo 25.2 prints "T(5)\n"

@value
struct T(Representable):
    var n: Int

    fn __repr__(self) -> String:
        return "T(" + str(self.n) + ")"

fn main():
    print(repr(T(5)))
