# Mojo 25.4 prints "1 3 5 9 \n"

fn merge(a: List[Int], b: List[Int]) -> List[Int]:
    var out = List[Int]()
    var i = 0
    var j = 0
    while i < len(a) and j < len(b):
        if a[i] <= b[j]:
            out.append(a[i])
            i += 1
        else:
            out.append(b[j])
            j += 1
    while i < len(a):
        out.append(a[i])
        i += 1
    while j < len(b):
        out.append(b[j])
        j += 1
    return out

fn merge_sort(xs: List[Int]) -> List[Int]:
    if len(xs) < 2:
        return xs
    var mid = len(xs) // 2
    return merge(merge_sort(xs[:mid]), merge_sort(xs[mid:]))

fn main():
    var s = merge_sort(List[Int](5, 9, 1, 3))
    for i in range(len(s)):
        print(s[i], end=" ")
    print()
