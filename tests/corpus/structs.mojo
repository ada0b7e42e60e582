from std.collections import List


@fieldwise_init
struct Point(Copyable, Equatable, ImplicitlyCopyable, Writable):
    """A point."""

    var x: Int
    var y: Int

    comptime origin_name = "zero"

    def __add__(self, other: Self) -> Self:
        return Self(self.x + other.x, self.y + other.y)

    def write_to(self, mut writer: Some[Writer]):
        writer.write("(", self.x, ", ", self.y, ")")

    @staticmethod
    def zero() -> Self:
        return Self(0, 0)


struct Stack[T: Copyable & Deinitable](Movable):
    var items: List[Self.T]

    def __init__(out self):
        self.items = List[Self.T]()

    def push(mut self, var item: Self.T):
        self.items.append(item^)


struct Empty:
    pass


def main():
    print(Point(1, 2) + Point.zero())
