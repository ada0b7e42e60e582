def main():
    var x: Float = 3.0
    var y: int = 3
    var s: str = "x"
    print(x, y, s)
