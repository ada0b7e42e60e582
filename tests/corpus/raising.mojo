@fieldwise_init
struct Refused(Copyable, Writable):
    var code: Int

    def write_to(self, mut writer: Some[Writer]):
        writer.write("refused ", self.code)


def may_raise() raises:
    raise Error("no")


def may_raise_value(x: Int) raises -> Int:
    if x < 0:
        raise Error("negative")
    return x


def typed_raise(x: Int) raises Refused -> Int:
    if x < 0:
        raise Refused(x)
    return x


def quiet() -> Int:
    try:
        return may_raise_value(-1)
    except e:
        return 0


def main() raises:
    try:
        print(typed_raise(-4))
    except e:
        print("caught", e)
