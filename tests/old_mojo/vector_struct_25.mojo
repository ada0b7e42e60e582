# Mojo 25.3 prints "5.0\n"

from math import sqrt

@value
@register_passable("trivial")
struct Vec2:
    var x: Float64
    var y: Float64

    fn length(self) -> Float64:
        return sqrt(self.x * self.x + self.y * self.y)

fn main():
    print(Vec2(3, 4).length())
