# Mojo 25.1 prints "V(1.0, 2.0)\n"

@value
struct V(Writable, Stringable):
    var x: Float64
    var y: Float64

    fn write_to[W: Writer](self, mut writer: W):
        writer.write("V(", self.x, ", ", self.y, ")")

    fn __str__(self) -> String:
        return String.write(self)

fn main():
    print(V(1, 2))
