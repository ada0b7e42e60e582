# Mojo 24.3 prints "[2, 4, 6, 8]\n20\n"

fn main():
    var v = SIMD[DType.int32, 4](1, 2, 3, 4)
    var w = v * 2
    print(w)
    print(w.reduce_add())
