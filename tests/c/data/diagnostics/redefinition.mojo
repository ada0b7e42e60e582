def f() -> Int:
    return 1

def f() -> Int:
    return 2

def main():
    var x = 1
    var x = 2
    print(f(), x)
