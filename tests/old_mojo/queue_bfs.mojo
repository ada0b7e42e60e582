# Mojo 25.4 prints "0 1 2 3 \n"

from collections import Deque

fn main() raises:
    var graph = List[List[Int]](List[Int](1, 2), List[Int](3), List[Int](3), List[Int]())
    var seen = List[Bool](False, False, False, False)
    var queue = Deque[Int]()
    queue.append(0)
    seen[0] = True
    while len(queue) > 0:
        var at = queue.popleft()
        print(at, end=" ")
        for n in graph[at]:
            if not seen[n[]]:
                seen[n[]] = True
                queue.append(n[])
    print()
