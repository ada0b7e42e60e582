# Mojo 24.5 prints "0 1 4 9 16\n"

from memory import UnsafePointer

fn main():
    var n = 5
    var p = UnsafePointer[Int].alloc(n)
    for i in range(n):
        p[i] = i * i
    print(p[0], p[1], p[2], p[3], p[4])
    p.free()
