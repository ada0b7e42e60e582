# Mojo 25.6 prints "2 True\n"

fn main():
    var s: Set[Int] = {1, 2}
    print(len(s), 1 in s)
