def main():
    var x: Int = "a"
    print(x)
