# Mojo 25.3 prints "212.0\n"

fn to_fahrenheit(c: Float64) -> Float64:
    return c * 9 / 5 + 32

fn main():
    print(to_fahrenheit(100))
