struct P:
    var x: Int

    fn __init__(out self, x: Int):
        self.x = x

    fn double(self) -> Int:
        return self.x * 2

fn main():
    print(P(2).double())
