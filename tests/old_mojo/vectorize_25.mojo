# Mojo 25.3 prints "56\n"

from algorithm import vectorize

fn main():
    var xs = List[Int32](1, 2, 3, 4, 5, 6, 7)
    var p = xs.unsafe_ptr()

    @parameter
    fn double[w: Int](i: Int):
        p.store(i, p.load[width=w](i) * 2)

    vectorize[double, 4](len(xs))
    var s: Int32 = 0
    for i in range(len(xs)):
        s += xs[i]
    print(s)
