# Mojo 24.4 prints "(1, 2)\n"

@value
struct Pair(Stringable):
    var a: Int
    var b: Int

    fn __str__(self) -> String:
        return "(" + str(self.a) + ", " + str(self.b) + ")"

fn main():
    var p = Pair(1, 2)
    print(str(p))
