# Mojo 25.6 prints "2 3\n"

fn main():
    var a: List[Int] = [1, 2]
    var b = a
    b.append(3)
    print(len(a), len(b))
