def main():
    var s = String("x")
    print(s.uper())
