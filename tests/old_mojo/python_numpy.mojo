# Mojo 25.4 prints "6\n"

from python import Python

def main():
    var math = Python.import_module("math")
    print(math.factorial(3))
