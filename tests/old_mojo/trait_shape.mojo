# Mojo 24.3 prints "12.0\n12.56\n"

trait Shape:
    fn area(self) -> Float64: ...

struct Rect(Shape):
    var w: Float64
    var h: Float64

    fn __init__(inout self, w: Float64, h: Float64):
        self.w = w
        self.h = h

    fn area(self) -> Float64:
        return self.w * self.h

struct Disc(Shape):
    var r: Float64

    fn __init__(inout self, r: Float64):
        self.r = r

    fn area(self) -> Float64:
        return 3.14 * self.r * self.r

fn show[T: Shape](s: T):
    print(s.area())

fn main():
    show(Rect(3, 4))
    show(Disc(2))
