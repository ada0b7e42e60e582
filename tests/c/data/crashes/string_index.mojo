def main():
    var s = String("abc")
    var l: List[Int] = [1, 2, 3]
    print(s[byte=len(l) + 2])
