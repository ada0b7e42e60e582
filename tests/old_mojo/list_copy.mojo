# Mojo 25.4 prints "3 4\n"

fn main():
    var a = List[Int](1, 2, 3)
    var b = a
    b.append(4)
    print(len(a), len(b))
