def use() -> Int:
    var add = lambda (x: Int, y: Int) -> Int: x + y
    return add(1, 2)


def comprehension() -> Int:
    var squares = [x * x for x in range(5) if x != 2]
    var table = {x: x + 1 for x in range(3)}
    return len(squares) + len(table)
