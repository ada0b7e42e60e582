# Mojo 25.4 prints "6\n"

from memory import UnsafePointer

fn main():
    var p = UnsafePointer[Int].alloc(3)
    for i in range(3):
        p[i] = i + 1
    var s = 0
    for i in range(3):
        s += p[i]
    p.free()
    print(s)
