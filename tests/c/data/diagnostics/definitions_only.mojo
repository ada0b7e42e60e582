fn square(x: Int) -> Int:
    return x * y
