# Mojo 24.5 prints "19.0 22.0 43.0 50.0\n"

from memory import UnsafePointer, memset_zero

struct Matrix:
    var data: UnsafePointer[Float64]
    var rows: Int
    var cols: Int

    fn __init__(inout self, rows: Int, cols: Int):
        self.rows = rows
        self.cols = cols
        self.data = UnsafePointer[Float64].alloc(rows * cols)
        memset_zero(self.data, rows * cols)

    fn __getitem__(self, i: Int, j: Int) -> Float64:
        return self.data[i * self.cols + j]

    fn __setitem__(inout self, i: Int, j: Int, v: Float64):
        self.data[i * self.cols + j] = v

    fn __del__(owned self):
        self.data.free()

fn matmul(inout c: Matrix, a: Matrix, b: Matrix):
    for i in range(a.rows):
        for j in range(b.cols):
            for k in range(a.cols):
                c[i, j] = c[i, j] + a[i, k] * b[k, j]

fn main():
    var a = Matrix(2, 2)
    var b = Matrix(2, 2)
    var c = Matrix(2, 2)
    for i in range(4):
        a.data[i] = i + 1
        b.data[i] = i + 5
    matmul(c, a, b)
    print(c[0, 0], c[0, 1], c[1, 0], c[1, 1])
