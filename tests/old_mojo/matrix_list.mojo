# Mojo 24.6 prints "5.0\n"

struct Matrix:
    var data: List[Float64]
    var rows: Int
    var cols: Int

    fn __init__(out self, rows: Int, cols: Int):
        self.rows = rows
        self.cols = cols
        self.data = List[Float64](capacity=rows * cols)
        for _ in range(rows * cols):
            self.data.append(0.0)

    fn __getitem__(self, i: Int, j: Int) -> Float64:
        return self.data[i * self.cols + j]

    fn __setitem__(mut self, i: Int, j: Int, v: Float64):
        self.data[i * self.cols + j] = v

    fn trace(self) -> Float64:
        var t: Float64 = 0
        for i in range(self.rows):
            t += self[i, i]
        return t

fn main():
    var m = Matrix(2, 2)
    m[0, 0] = 1
    m[1, 1] = 4
    print(m.trace())
