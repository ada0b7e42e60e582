@always_inline
def inlined(x: Int) -> Int:
    return x


@always_inline("nodebug")
@export("two")
def two_of_them() abi("C"):
    pass


@export
def exported() abi("C") -> Int32:
    return 3


@fieldwise_init

# a comment between
struct Made(Copyable):
    var x: Int

    @always_inline
    def get(self) -> Int:
        return self.x

    @staticmethod
    def of(x: Int) -> Self:
        return Self(x)
