# Mojo 25.2 prints "70.0\n"

fn main():
    var a = SIMD[DType.float32, 4](1, 2, 3, 4)
    var b = SIMD[DType.float32, 4](5, 6, 7, 8)
    print((a * b).reduce_add())
