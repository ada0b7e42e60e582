# Mojo 25.4 prints "8 4\n"

from sys import sizeof

fn main():
    print(sizeof[Int](), sizeof[Float32]())
