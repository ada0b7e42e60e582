# Mojo 25.6 prints "2\n"

struct Store:
    var items: List[Int]

    fn __init__(out self):
        self.items = [1, 2]

    fn all(self) -> List[Int]:
        return self.items

fn main():
    print(len(Store().all()))
