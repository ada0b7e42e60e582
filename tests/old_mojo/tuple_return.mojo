# Mojo 24.3 prints "3 1\n"

fn divmod_(a: Int, b: Int) -> Tuple[Int, Int]:
    return (a // b, a % b)

fn main():
    var r = divmod_(10, 3)
    print(r.get[0, Int](), r.get[1, Int]())
