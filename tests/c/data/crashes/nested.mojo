def pick(l: List[Int], i: Int) -> Int:
    return l[i]

def main():
    var l: List[Int] = [1, 2, 3]
    print("ä", pick(l, len(l) + 5))
