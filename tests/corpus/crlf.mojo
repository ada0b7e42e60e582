def first(x: Int) -> Int:
    """Doc.
    More."""
    return x


def second(
    y: Int,
) -> Int:
    return y \
        + 1


struct Third:
    pass
