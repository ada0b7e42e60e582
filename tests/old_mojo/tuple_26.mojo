# Mojo 25.6 prints "1 two\n"

fn pair() -> Tuple[Int, String]:
    return (1, "two")

fn main():
    var p = pair()
    print(p[0], p[1])
