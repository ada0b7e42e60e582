# Mojo 25.3 prints "1 2 4 7 8 \n"

fn quick_sort(xs: List[Int]) -> List[Int]:
    if len(xs) <= 1:
        return xs
    var pivot = xs[len(xs) // 2]
    var less = List[Int]()
    var same = List[Int]()
    var more = List[Int]()
    for x in xs:
        if x[] < pivot:
            less.append(x[])
        elif x[] == pivot:
            same.append(x[])
        else:
            more.append(x[])
    return quick_sort(less) + same + quick_sort(more)

fn main():
    for x in quick_sort(List[Int](4, 2, 8, 1, 7)):
        print(x[], end=" ")
    print()
