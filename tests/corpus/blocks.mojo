def loops(n: Int) -> Int:
    var total = 0
    for i in range(n):
        if i == 3:
            continue
        elif i > 7:
            break
        else:
            total += i
    while total > 100: total -= 1
    return total


def context() raises -> Int:
    with open("/dev/null", "r") as f:
        _ = f.read()
    try:
        raise Error("x")
    except e:
        return 1
    finally:
        print("done")


def inner() -> Int:
    def helper(x: Int) -> Int:
        return x + 1

    return helper(1)


def several(): var a = 1; print(a); print(a + 1)
