# Mojo 25.1 prints "4\n"

fn make(n: Int, out result: Int):
    result = n * 2

fn main():
    print(make(2))
