# Mojo 24.4 prints "4 6 True\n"

@value
struct V:
    var x: Int
    var y: Int

    fn __add__(self, o: V) -> V:
        return V(self.x + o.x, self.y + o.y)

    fn __eq__(self, o: V) -> Bool:
        return self.x == o.x and self.y == o.y

fn main():
    var a = V(1, 2)
    var b = V(3, 4)
    var c = a + b
    print(c.x, c.y, a == V(1, 2))
