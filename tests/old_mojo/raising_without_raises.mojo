# Mojo 25.4 prints "2.5\n"

def half(x: Float64) -> Float64:
    if x < 0:
        raise Error("no")
    return x / 2

def main():
    print(half(5))
