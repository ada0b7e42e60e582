comptime first = second + 1
comptime second = 2
comptime typed: Int = 7; comptime beside = "a; b"
comptime parametric[n: Int]: Int = n * 2
comptime long = [
    1,
    2,
]
comptime alias_like = SIMD[DType.float32, 4]


def use() -> Int:
    comptime inner = first + typed
    comptime if inner > 3:
        return inner
    else:
        return parametric[4]


def unrolled() -> Int:
    var sum = 0
    comptime for i in range(3):
        sum += i
    return sum
