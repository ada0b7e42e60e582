# Mojo 24.5 prints "2.0 6.28\n"

@value
struct Circle:
    var radius: Float64
    var name: String

    fn __init__(inout self, radius: Float64):
        self.radius = radius
        self.name = "circle"

    fn length(self) -> Float64:
        return 2 * 3.14 * (self.radius / 2)

fn main():
    var c = Circle(2.0)
    print(c.radius, c.length())
