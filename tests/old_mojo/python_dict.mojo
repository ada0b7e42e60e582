# Mojo 24.5 prints "2\n"

from python import Python

def main():
    var d = Python.dict()
    d["a"] = 1
    d["b"] = 2
    print(len(d))
