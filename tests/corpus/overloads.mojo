def f(x: Int) -> Int:
    return x


def f(x: String) -> Int:
    return x.byte_length()


def f(x: Int, y: Int) -> Int:
    return x + y


def f[T: Writable](x: T, *, flag: Bool) -> Int:
    return 0


def main():
    print(f(1), f("ab"), f(1, 2), f(1.5, flag=True))
