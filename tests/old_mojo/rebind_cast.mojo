# Mojo 25.2 prints "5.0\n"

fn main():
    var x: Int32 = 5
    print(x.cast[DType.float32]())
