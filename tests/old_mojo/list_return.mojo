# Mojo 25.4 prints "0 1 4\n"

fn squares(n: Int) -> List[Int]:
    var out = List[Int]()
    for i in range(n):
        out.append(i * i)
    return out

fn main():
    var s = squares(3)
    print(s[0], s[1], s[2])
