def same_quotes() raises -> String:
    var d = {"a": 1}
    return String(t"{d["a"]} and {{braces}} and {"}"}")


def nested(x: Int) -> String:
    return String(t"{x} {t"{x + 1} {"def f():"}"}")


def lines(x: Int) -> String:
    return String(t"""one {x}
def not_a_function():
{
    x + 1  # a comment
}
""")


def raw(x: Int) -> String:
    return String(rt"{x}\n")


def last() -> Int:
    return 2
