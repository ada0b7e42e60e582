def f(n: Int) -> Int:
    return 1 + f(n + 1) * 2 + f(n + 2)

def main():
    print(f(1))
