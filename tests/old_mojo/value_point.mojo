# Mojo 24.4 prints "3 4 5.0\n"

from math import sqrt

@value
struct Point:
    var x: Float64
    var y: Float64

    fn norm(self) -> Float64:
        return sqrt(self.x * self.x + self.y * self.y)

fn main():
    var p = Point(3, 4)
    print(int(p.x), int(p.y), p.norm())
