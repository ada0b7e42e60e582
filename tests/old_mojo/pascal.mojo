# Mojo 25.4 prints "1 3 3 1 \n"

fn row(n: Int) -> List[Int]:
    var r = List[Int](1)
    for i in range(n):
        var next = List[Int](1)
        for j in range(len(r) - 1):
            next.append(r[j] + r[j + 1])
        next.append(1)
        r = next
    return r

fn main():
    for x in row(3):
        print(x[], end=" ")
    print()
