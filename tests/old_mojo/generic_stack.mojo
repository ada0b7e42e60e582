# Mojo 24.5 prints "b a 0\n"

struct Stack[T: CollectionElement]:
    var items: List[T]

    fn __init__(inout self):
        self.items = List[T]()

    fn push(inout self, x: T):
        self.items.append(x)

    fn pop(inout self) -> T:
        return self.items.pop()

    fn size(self) -> Int:
        return len(self.items)

fn main():
    var s = Stack[String]()
    s.push("a")
    s.push("b")
    print(s.pop(), s.pop(), s.size())
