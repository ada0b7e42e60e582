def two(mut a: List[Int], mut b: List[Int]):
    a.append(len(b))

def main():
    var l: List[Int] = [1]
    two(l, l)
    print(len(l))
