# Mojo 24.2 prints "1\n"

from sys import argv

fn main():
    print(len(argv()))
