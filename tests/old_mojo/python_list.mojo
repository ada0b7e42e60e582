# Mojo 24.6 prints "3\n"

from python import Python

def main():
    var builtins = Python.import_module("builtins")
    var xs = Python.evaluate("[1, 2, 3]")
    print(builtins.len(xs))
