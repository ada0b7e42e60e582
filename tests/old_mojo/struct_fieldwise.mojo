# Mojo 25.5 prints "3 4\n"

@fieldwise_init
struct Point(Copyable, Movable):
    var x: Int
    var y: Int

fn main():
    var p = Point(3, 4)
    var q = p
    print(p.x, q.y)
