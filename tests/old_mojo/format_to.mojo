# Mojo 24.5 prints "P(1, 2)\n"

@value
struct P(Formattable):
    var x: Int
    var y: Int

    fn format_to(self, inout writer: Formatter):
        writer.write("P(", self.x, ", ", self.y, ")")

fn main():
    print(P(1, 2))
