# Mojo 25.3 prints "8\n"

from memory import Pointer

fn main():
    var x = 7
    var p = Pointer(to=x)
    p[] += 1
    print(x)
