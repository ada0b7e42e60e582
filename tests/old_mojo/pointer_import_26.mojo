# Mojo 25.7 prints "4\n"

from memory import UnsafePointer, alloc

fn main():
    var p = alloc[Int](1)
    p[0] = 4
    print(p[0])
    p.free()
