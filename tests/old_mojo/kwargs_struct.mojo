# Mojo 25.2 prints "2 3\n"

struct Config:
    var width: Int
    var height: Int

    fn __init__(out self, *, width: Int = 1, height: Int = 3):
        self.width = width
        self.height = height

fn main():
    var c = Config(width=2)
    print(c.width, c.height)
