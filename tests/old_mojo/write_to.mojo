# Mojo 24.6 prints "P(1, 2)\n"

@value
struct P(Writable):
    var x: Int
    var y: Int

    fn write_to[W: Writer](self, inout writer: W):
        writer.write("P(", self.x, ", ", self.y, ")")

fn main():
    print(P(1, 2))
