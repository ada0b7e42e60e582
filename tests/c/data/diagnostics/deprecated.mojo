@deprecated("use g")
def f() -> Int:
    return 1

def main():
    print(f())
