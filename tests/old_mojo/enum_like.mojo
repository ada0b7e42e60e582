# Mojo 25.3 prints "green\n"

@value
struct Color:
    var value: Int
    alias RED = Color(0)
    alias GREEN = Color(1)

    fn __eq__(self, other: Self) -> Bool:
        return self.value == other.value

fn name(c: Color) -> String:
    if c == Color.RED:
        return "red"
    return "green"

fn main():
    print(name(Color.GREEN))
