# Mojo 24.5 prints "3 -1\n"

fn search(xs: List[Int], x: Int) -> Int:
    var lo = 0
    var hi = len(xs) - 1
    while lo <= hi:
        var mid = (lo + hi) // 2
        if xs[mid] == x:
            return mid
        elif xs[mid] < x:
            lo = mid + 1
        else:
            hi = mid - 1
    return -1

fn main():
    var xs = List[Int](1, 3, 5, 7, 9)
    print(search(xs, 7), search(xs, 4))
