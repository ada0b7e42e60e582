# Mojo 24.1 prints "3 4.5 True\n"

fn main():
    let a: Int = 3
    let b: Float64 = 4.5
    let c: Bool = a < 4
    print(a, b, c)
