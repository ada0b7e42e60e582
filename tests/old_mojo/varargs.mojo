# Mojo 24.3 prints "10\n"

fn total(*xs: Int) -> Int:
    var s = 0
    for x in xs:
        s += x
    return s

fn main():
    print(total(1, 2, 3, 4))
