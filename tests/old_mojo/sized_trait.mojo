# Mojo 25.2 prints "3\n"

struct Bag(Sized):
    var items: List[Int]

    fn __init__(out self, *items: Int):
        self.items = List[Int]()
        for i in items:
            self.items.append(i)

    fn __len__(self) -> Int:
        return len(self.items)

fn main():
    print(len(Bag(1, 2, 3)))
