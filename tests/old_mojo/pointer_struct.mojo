# Mojo 25.5 prints "1.0 2.0 3\n"

struct Vector(Copyable, Movable):
    var data: UnsafePointer[Float64]
    var size: Int

    fn __init__(out self, size: Int):
        self.size = size
        self.data = UnsafePointer[Float64].alloc(size)
        for i in range(size):
            self.data[i] = i + 1

    fn __copyinit__(out self, other: Self):
        self.size = other.size
        self.data = UnsafePointer[Float64].alloc(other.size)
        for i in range(other.size):
            self.data[i] = other.data[i]

    fn __getitem__(self, i: Int) -> Float64:
        return self.data[i]

    fn __len__(self) -> Int:
        return self.size

    fn __del__(owned self):
        self.data.free()

fn main():
    var v = Vector(3)
    var w = v
    print(v[0], w[1], len(w))
