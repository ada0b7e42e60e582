def reads(x: String, imm y: String) -> Int:
    return x.byte_length() + y.byte_length()


def mutates(mut x: Int, mut y: List[Int]):
    x += 1
    y.append(x)


def owns(var x: String) -> String:
    return x^


def refers(ref x: List[Int]) -> Int:
    return x[0]


def result(out r: Int):
    r = 3


def borrows[origin: Origin, //](ref[origin] x: List[Int]) -> Int:
    return len(x)


struct Holder(Movable):
    var value: Int

    def __init__(out self, value: Int):
        self.value = value

    def consume(deinit self) -> Int:
        return self.value

    def bump(mut self, by: Int = 1):
        self.value += by
