# Mojo 25.7 prints "3 3\n"

@fieldwise_init
struct P(ImplicitlyCopyable, Movable):
    var n: Int

fn main():
    var a = P(3)
    var b = a
    print(a.n, b.n)
