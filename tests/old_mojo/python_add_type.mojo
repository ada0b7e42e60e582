# Mojo 25.4 prints "[1, 2]\n"

from python import Python, PythonObject

def main():
    var xs: PythonObject = Python.list(1, 2)
    print(xs)
