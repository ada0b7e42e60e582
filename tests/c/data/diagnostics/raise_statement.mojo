def f(n: Int) -> Int:
    if n < 0:
        raise Error("negative")
    return n

def main():
    print(f(1))
