# Mojo 25.6 prints "8\n"

from sys import size_of

fn main():
    print(size_of[Float64]())
