# Mojo 25.2 prints "5\n"

from memory import OwnedPointer

fn main():
    var p = OwnedPointer(5)
    print(p[])
