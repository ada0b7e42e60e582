# Mojo 24.1 prints "5\n"

def add(x, y):
    return x + y

fn main() raises:
    print(add(2, 3))
