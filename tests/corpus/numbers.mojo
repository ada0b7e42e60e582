def decimal(x: Int = 1_000_000, y: Int = -1) -> Int:
    return x + y


def based(x: Int = 0xFF, y: Int = 0b1010, z: Int = 0o17) -> Int:
    return x + y + z


def floating(x: Float64 = 1.5e-3, y: Float64 = .5, z: Float64 = 2.) -> Float64:
    return x + y + z


def method() -> String:
    return String(1.0.__add__(2.0))


def arithmetic(a: Int, b: Int) -> Int:
    var c = a**2 // 3 - (b << 1) >> 2
    c ^= a | b & ~a
    c //= 2; c **= 2; c %= 7
    return c if c != 0 and not c < 0 else -c
