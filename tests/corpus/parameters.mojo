def simple[n: Int]() -> Int:
    return n


def defaulted[n: Int = 3, flag: Bool = False](x: Int) -> Int:
    return x + n


def bound[T: Writable & Copyable](value: T):
    print(value)


def inferred[T: Writable, //, n: Int](value: T):
    pass


def keyword_parameter[n: Int, *, m: Int = 2]() -> Int:
    return n * m


def types[*Ts: Writable](*values: *Ts):
    pass


def vector[dtype: DType, size: Int](x: SIMD[dtype, size]) -> SIMD[dtype, size]:
    return x + x


def constrained[n: Int]() -> Int where n > 3:
    return n


def some(value: Some[Writable]):
    print(value)
