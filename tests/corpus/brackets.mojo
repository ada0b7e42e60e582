def calls(
    a: Int,
    b: List[
        Int
    ],
) -> Int:
    return (
        a
        + b[
            0
        ]
    )


def literals() -> Int:
    var table = {
        "def": 1,
        "struct": (
            3
        ),
    }
    var slice = [1, 2, 3][1:]
    return len(table) + len(slice)


def continued(a: Int) -> Int:
    return a \
        + 1 \
        + 2


def tail(): pass
