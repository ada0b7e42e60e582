# Mojo 25.1 prints "3.5\n"

fn average(a: Int, b: Int) -> Float64:
    return (a + b) / 2

fn main():
    print(average(3, 4))
