# Mojo 24.6 prints "4\n"

fn make(n: Int) -> Int as result:
    result = n * 2

fn main():
    print(make(2))
