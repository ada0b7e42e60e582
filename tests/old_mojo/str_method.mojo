# Mojo 25.3 prints "Dog: Rex\n"

struct Dog(Stringable):
    var name: String

    fn __init__(out self, name: String):
        self.name = name

    fn __str__(self) -> String:
        return "Dog: " + self.name

fn main():
    var d = Dog("Rex")
    print(String(d))
