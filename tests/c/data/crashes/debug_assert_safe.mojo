def f(n: Int):
    debug_assert[assert_mode="safe"](n < 3, "n too large: ", n)
    print(n)

def main():
    var l: List[Int] = [1, 2, 3]
    f(len(l) + 7)
