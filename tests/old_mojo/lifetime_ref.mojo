# Mojo 25.1 prints "9\n"

fn longest(ref a: List[Int]) -> ref [a] Int:
    return a[len(a) - 1]

fn main():
    var xs = List[Int](1, 9)
    print(longest(xs))
