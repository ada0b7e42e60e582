async def later(x: Int) -> Int:
    return x


def now() -> Int:
    return 1
