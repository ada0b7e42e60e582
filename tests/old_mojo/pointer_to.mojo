# Mojo 24.5 prints "6\n"

from memory import UnsafePointer

fn main():
    var x = 5
    var p = UnsafePointer.address_of(x)
    p[] += 1
    print(x)
