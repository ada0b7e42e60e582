# Mojo 24.3 prints "before\n"

from sys import exit

fn main():
    print("before")
    exit(0)
