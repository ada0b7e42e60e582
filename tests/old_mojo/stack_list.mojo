# Mojo 24.4 prints "3 2 True\n"

from collections import List

struct Stack:
    var items: List[Int]

    fn __init__(inout self):
        self.items = List[Int]()

    fn push(inout self, x: Int):
        self.items.append(x)

    fn pop(inout self) -> Int:
        return self.items.pop()

    fn is_empty(self) -> Bool:
        return self.items.size == 0

fn main():
    var s = Stack()
    s.push(2)
    s.push(3)
    print(s.pop(), s.pop(), s.is_empty())
