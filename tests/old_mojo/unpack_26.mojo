# Mojo 25.6 prints "2 1\n"

fn swap2(a: Int, b: Int) -> Tuple[Int, Int]:
    return b, a

fn main():
    var x, y = swap2(1, 2)
    print(x, y)
