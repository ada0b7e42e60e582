def size(borrowed s: String) -> Int:
    return len(s)

def main():
    print(size("x"))
