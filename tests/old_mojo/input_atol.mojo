# Mojo 24.4 prints "12\n"

fn main() raises:
    print(atol("12"))
