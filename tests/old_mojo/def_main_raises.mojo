# Mojo 24.4 prints "caught\n"

def check(n: Int) -> Int:
    if n < 0:
        raise Error("negative")
    return n

def main():
    try:
        print(check(-1))
    except:
        print("caught")
