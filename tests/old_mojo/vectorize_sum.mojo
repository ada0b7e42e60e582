# Mojo 24.4 prints "28.0\n"

from algorithm import vectorize
from memory import UnsafePointer

fn main():
    var n = 8
    var p = UnsafePointer[Float32].alloc(n)
    for i in range(n):
        p[i] = i
    var total: Float32 = 0

    @parameter
    fn add[w: Int](i: Int):
        total += p.load[width=w](i).reduce_add()

    vectorize[add, 4](n)
    print(total)
    p.free()
