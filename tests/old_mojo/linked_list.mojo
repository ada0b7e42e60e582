# Mojo 24.5 prints "3 2 1 \n"

from memory import UnsafePointer

struct Node:
    var value: Int
    var next: UnsafePointer[Node]

    fn __init__(inout self, value: Int, next: UnsafePointer[Node]):
        self.value = value
        self.next = next

    fn __moveinit__(inout self, owned other: Self):
        self.value = other.value
        self.next = other.next

fn main():
    var head = UnsafePointer[Node]()
    for i in range(1, 4):
        var p = UnsafePointer[Node].alloc(1)
        p.init_pointee_move(Node(i, head))
        head = p
    var at = head
    while at:
        print(at[].value, end=" ")
        at = at[].next
    print()
