# Mojo 25.6 prints "1 2\n"

from collections import Deque

fn main() raises:
    var d = Deque[Int](1, 2)
    print(d.popleft(), d.pop())
