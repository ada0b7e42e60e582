def inner[n: Int]():
    comptime assert n % 2 == 0, "even only"
    print(n)

def outer[n: Int]():
    inner[n]()

def main():
    outer[4]()
    outer[3]()
