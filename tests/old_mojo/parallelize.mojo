# Mojo 24.3 prints "45\n"

from algorithm import parallelize
from memory import UnsafePointer

fn main():
    var p = UnsafePointer[Int].alloc(10)

    @parameter
    fn work(i: Int):
        p[i] = i

    parallelize[work](10, 2)
    var s = 0
    for i in range(10):
        s += p[i]
    print(s)
