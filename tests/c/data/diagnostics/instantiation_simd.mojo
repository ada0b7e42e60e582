def main():
    var v = SIMD[DType.float32, 3](1)
    print(v)
