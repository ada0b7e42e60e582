# Mojo 25.5 prints "6\n"

@fieldwise_init
struct Node(Copyable, Movable):
    var value: Int
    var children: List[Int]

fn total(nodes: List[Node], at: Int) -> Int:
    var s = nodes[at].value
    for c in nodes[at].children:
        s += total(nodes, c)
    return s

fn main():
    var nodes = List[Node]()
    nodes.append(Node(1, List[Int](1, 2)))
    nodes.append(Node(2, List[Int]()))
    nodes.append(Node(3, List[Int]()))
    print(total(nodes, 0))
