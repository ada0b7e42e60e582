# Mojo 25.1 prints "1/2 3/1\n"

@value
struct Fraction:
    var num: Int
    var den: Int

    fn __init__(out self, num: Int, den: Int):
        self.num = num
        self.den = den

    fn __init__(out self, num: Int):
        self.num = num
        self.den = 1

    fn show(self) -> String:
        return str(self.num) + "/" + str(self.den)

fn main():
    print(Fraction(1, 2).show(), Fraction(3).show())
