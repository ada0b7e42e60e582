def main():
    print("before")
    var l: List[Int] = [1, 2, 3]
    var i = len(l) + 4
    print(l[i])
