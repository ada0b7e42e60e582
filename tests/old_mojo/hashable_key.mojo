# Mojo 25.3 prints "red\n"

from collections import Dict

@value
struct Key(KeyElement):
    var n: Int

    fn __hash__(self) -> UInt:
        return hash(self.n)

    fn __eq__(self, o: Self) -> Bool:
        return self.n == o.n

    fn __ne__(self, o: Self) -> Bool:
        return self.n != o.n

fn main() raises:
    var d = Dict[Key, String]()
    d[Key(1)] = "red"
    print(d[Key(1)])
