# Mojo 24.1 prints "78.5\n"

alias PI = 3.14

fn area(r: Float64) -> Float64:
    let sq = r * r
    return PI * sq

fn main():
    print(area(5))
