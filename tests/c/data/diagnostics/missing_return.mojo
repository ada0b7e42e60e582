def f(n: Int) -> Int:
    if n > 0:
        return 1

def main():
    print(f(1))
