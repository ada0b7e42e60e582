# Mojo 25.4 prints "3\n"

fn distance(a: String, b: String) -> Int:
    var prev = List[Int]()
    for j in range(len(b) + 1):
        prev.append(j)
    for i in range(len(a)):
        var cur = List[Int](i + 1)
        for j in range(len(b)):
            var cost = 0 if a[i] == b[j] else 1
            cur.append(min(min(cur[j] + 1, prev[j + 1] + 1), prev[j] + cost))
        prev = cur
    return prev[len(b)]

fn main():
    print(distance("kitten", "sitting"))
