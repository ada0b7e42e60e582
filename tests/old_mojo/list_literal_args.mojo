# Mojo 25.1 prints "15\n"

fn main():
    var xs = List[Int](1, 2, 3, 4, 5)
    var s = 0
    for x in xs:
        s += x[]
    print(s)
