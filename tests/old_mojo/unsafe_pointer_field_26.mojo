# Mojo 26.1 prints "0.0 1.0\n"

struct Buf:
    var data: UnsafePointer[Float32, MutOrigin.external]
    var n: Int

    fn __init__(out self, n: Int):
        self.data = alloc[Float32](n)
        self.n = n
        for i in range(n):
            self.data[i] = i

    fn at(self, i: Int) -> Float32:
        return self.data[i]

    fn __del__(deinit self):
        self.data.free()

fn main():
    var b = Buf(2)
    print(b.at(0), b.at(1))
