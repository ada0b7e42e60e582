# Mojo 25.1 prints "12\n"

from memory import Pointer

fn main():
    var x = 12
    var p = Pointer.address_of(x)
    print(p[])
