# Mojo 24.2 prints "3\n"

struct Car:
    var wheels: Int

    fn __init__(inout self):
        self.wheels = 3

    fn __copyinit__(inout self, other: Car):
        self.wheels = other.wheels

fn count(c: Car) -> Int:
    return c.wheels

fn main():
    var c = Car()
    var d = c
    print(count(d))
