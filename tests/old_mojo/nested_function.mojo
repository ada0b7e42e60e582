# Mojo 25.3 prints "25\n"

fn main():
    fn square(x: Int) -> Int:
        return x * x
    print(square(5))
