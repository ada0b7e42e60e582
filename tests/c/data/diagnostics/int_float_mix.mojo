def main():
    var n: Int = 3
    var x: Float64 = 2.5
    print(n * x)
