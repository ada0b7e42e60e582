struct Base:
    var x: Int

    def __init__(out self, x: Int):
        self.x = x


__extension Base:
    def doubled(self) -> Int:
        return self.x * 2


def main():
    print(Base(4).doubled())
