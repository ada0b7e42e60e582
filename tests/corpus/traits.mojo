trait Shape:
    """Something with an area."""

    def area(self) -> Float64:
        """The area."""
        ...

    def name(self) -> String:
        return "shape"


trait Solid(Shape):
    def volume(self) -> Float64:
        ...


@fieldwise_init
struct Square(Copyable, Shape):
    var side: Float64

    def area(self) -> Float64:
        return self.side * self.side


def total[S: Shape](a: S, b: S) -> Float64:
    return a.area() + b.area()
