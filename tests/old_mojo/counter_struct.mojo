# Mojo 24.2 prints "3\n"

struct Counter:
    var count: Int

    fn __init__(inout self):
        self.count = 0

    fn bump(inout self, by: Int = 1):
        self.count += by

fn main():
    var c = Counter()
    c.bump()
    c.bump(2)
    print(c.count)
