# Mojo 24.4 prints "made 3\ncopied 3\ngone\ngone\n"

struct Noisy:
    var n: Int

    fn __init__(inout self, n: Int):
        self.n = n
        print("made", n)

    fn __copyinit__(inout self, existing: Self):
        self.n = existing.n
        print("copied", self.n)

    fn __del__(owned self):
        print("gone")

fn main():
    var a = Noisy(3)
    var b = a
    _ = a.n
    _ = b.n
    _ = a^
    _ = b^
