# Mojo 25.4 prints "8\n"

fn subsets(xs: List[Int]) -> List[List[Int]]:
    var out = List[List[Int]]()
    out.append(List[Int]())
    for x in xs:
        var n = len(out)
        for i in range(n):
            var s = out[i]
            s.append(x[])
            out.append(s)
    return out

fn main():
    print(len(subsets(List[Int](1, 2, 3))))
