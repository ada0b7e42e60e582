# Mojo 24.5 prints "3\n"

from memory import UnsafePointer, memcpy

fn main():
    var a = UnsafePointer[Int32].alloc(3)
    var b = UnsafePointer[Int32].alloc(3)
    for i in range(3):
        a[i] = i + 1
    memcpy(b, a, 3)
    print(b[2])
    a.free()
    b.free()
