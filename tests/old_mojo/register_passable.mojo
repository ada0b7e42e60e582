# Mojo 24.1 prints "4.0\n"

@register_passable("trivial")
struct Vec2:
    var x: Float64
    var y: Float64

    fn __init__(x: Float64, y: Float64) -> Self:
        return Self {x: x, y: y}

    fn dot(self, o: Self) -> Float64:
        return self.x * o.x + self.y * o.y

fn main():
    let a = Vec2(1, 2)
    let b = Vec2(2, 1)
    print(a.dot(b))
