# Mojo 24.4 prints "7\n"

struct Box:
    var value: Int

    fn __init__(inout self, value: Int):
        self.value = value

    fn __moveinit__(inout self, owned existing: Self):
        self.value = existing.value

fn unpack(owned b: Box) -> Int:
    return b.value

fn main():
    var b = Box(7)
    print(unpack(b^))
