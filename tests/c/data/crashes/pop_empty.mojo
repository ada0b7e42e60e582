def main():
    var l = List[Int]()
    print(l.pop())
