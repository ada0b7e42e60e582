def positional(x: Int, y: Int, /):
    pass


def mixed(a: Int, /, b: Int, *, c: Int) -> Int:
    return a + b + c


def keyword_only(*, name: String, count: Int = 1):
    pass


def variadic(*values: Int) -> Int:
    return len(values)


def variadic_then_keyword(x: Int, *values: Int, sep: String = " ") -> Int:
    return x + len(values)


def all_marks(a: Int, b: Int = 2, /, c: Int = 3, *, d: Int = 4, e: Int = 5) -> Int:
    return a + b + c + d + e
