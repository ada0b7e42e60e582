# def commented(): pass
#	tabs and "quotes"


def one():  # def two():
    # at the body's beginning
    pass
# at column 0, in the middle of nothing


def two(x: Int,  # ", 'x'
        # alone
        y: Int) -> Int:  # ->
  # odd indentation

    return x + y
        # deeper


# the end
