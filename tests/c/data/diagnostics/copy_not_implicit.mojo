def main():
    var a: List[Int] = [1, 2]
    var b = a
    print(len(a), len(b))
