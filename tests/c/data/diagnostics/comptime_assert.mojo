def check[n: Int]():
    comptime assert n > 3, "n must be above 3"
    print(n)

def main():
    var x = 1
    check[2]()
    print(x)
