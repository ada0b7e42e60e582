# Mojo 24.3 prints "4.0\n"

from python import Python

fn main() raises:
    let math = Python.import_module("math")
    print(math.sqrt(16))
