# Mojo 25.5 prints "6\n"

fn main():
    var xs: List[Int] = [1, 2, 3]
    var s = 0
    for x in xs:
        s += x
    print(s)
