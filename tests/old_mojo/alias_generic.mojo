# Mojo 25.4 prints "4 16\n"

alias Int2 = SIMD[DType.int32, 2]
alias SIZE = 4

fn main():
    var v = Int2(SIZE, SIZE * 4)
    print(v[0], v[1])
