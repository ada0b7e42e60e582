# Mojo 24.3 prints "6.0\n"

from tensor import Tensor, TensorShape

fn main():
    var t = Tensor[DType.float32](TensorShape(2, 2))
    t[0] = 6.0
    print(t[0])
