# Mojo 25.4 prints "1 4\n"

fn transpose(m: List[List[Int]]) -> List[List[Int]]:
    var out = List[List[Int]]()
    for j in range(len(m[0])):
        var row = List[Int]()
        for i in range(len(m)):
            row.append(m[i][j])
        out.append(row)
    return out

fn main():
    var m = List[List[Int]](List[Int](1, 2, 3), List[Int](4, 5, 6))
    var t = transpose(m)
    print(t[0][0], t[0][1])
