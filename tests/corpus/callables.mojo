def apply(f: def(Int) thin -> Int, x: Int) -> Int:
    return f(x)


def twice[f: def(Int) thin -> Int](x: Int) -> Int:
    return f(f(x))


def increment(x: Int) -> Int:
    return x + 1


def main():
    print(apply(increment, 1), twice[increment](3))
    var k = 10

    def add(x: Int) {imm k} -> Int:
        return x + k

    print(add(1))
