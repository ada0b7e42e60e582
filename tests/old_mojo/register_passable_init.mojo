# Mojo 24.5 prints "11\n"

@register_passable("trivial")
struct Money:
    var cents: Int

    fn __init__(inout self, cents: Int):
        self.cents = cents

    fn __add__(self, other: Self) -> Self:
        return Self(self.cents + other.cents)

fn main():
    print((Money(5) + Money(6)).cents)
