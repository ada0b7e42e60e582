def f() raises -> Int:
    raise Error("x")

def main():
    print(f())
