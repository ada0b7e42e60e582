def double(n: Int) -> Int:
    return n * 2

def main():
    print(double(1, 2))
