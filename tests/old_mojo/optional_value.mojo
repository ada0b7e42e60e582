# Mojo 24.4 prints "2\nmissing\n"

from collections import Optional

fn find(xs: List[Int], x: Int) -> Optional[Int]:
    for i in range(len(xs)):
        if xs[i] == x:
            return i
    return None

fn main():
    var xs = List[Int](5, 6, 7)
    var at = find(xs, 7)
    if at:
        print(at.value()[])
    if not find(xs, 1):
        print("missing")
