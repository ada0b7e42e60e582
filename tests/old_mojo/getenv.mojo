# Mojo 24.3 prints "none\n"

from os import getenv

fn main():
    print(getenv("SURELY_NOT_SET", "none"))
