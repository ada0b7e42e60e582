# Mojo 25.1 prints "5 5\n"

fn my_abs(x: Int) -> Int:
    return x if x >= 0 else -x

fn main():
    print(my_abs(-5), my_abs(5))
