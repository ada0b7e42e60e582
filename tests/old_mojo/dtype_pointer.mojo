# Mojo 24.3 prints "6.0\n"

from memory.unsafe import DTypePointer

fn main():
    var p = DTypePointer[DType.float64].alloc(3)
    for i in range(3):
        p.store(i, i + 1.0)
    var s: Float64 = 0
    for i in range(3):
        s += p.load(i)
    print(s)
    p.free()
