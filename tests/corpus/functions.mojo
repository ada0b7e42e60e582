"""Plain functions of every shape."""


def nothing():
    pass


def typed(x: Int, y: Float64) -> Float64:
    """Adds."""
    return Float64(x) + y


def defaults(x: Int = 3, y: String = "a, b) -> c:", z: Bool = True) -> Int:
    return x


def one_line(x: Int) -> Int: return x + 1


def spread(
    first: Int,  # a comment, with (brackets
    second: Int = (
        1 + 2
    ),
) -> Int:
    """A docstring
    of two lines with "quotes".
    """
    return first + second
