# Mojo 25.2 prints "2 2\n"

from memory import ArcPointer

fn main():
    var a = ArcPointer(List[Int](1))
    var b = a
    b[].append(2)
    print(len(a[]), len(b[]))
