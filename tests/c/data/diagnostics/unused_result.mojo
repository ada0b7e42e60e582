def f() -> Int:
    return 1

def main():
    f()
    var unused = 3
