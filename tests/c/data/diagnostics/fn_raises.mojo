fn half(n: Int) raises -> Int:
    if n % 2 == 1:
        raise Error("odd")
    return n // 2

fn main() raises:
    print(half(4))
