# Mojo 25.2 prints "0 5\n"

@value
struct Vec:
    var x: Int

    @staticmethod
    fn zero() -> Self:
        return Self(0)

    @staticmethod
    fn of(x: Int) -> Vec:
        return Vec(x)

fn main():
    print(Vec.zero().x, Vec.of(5).x)
