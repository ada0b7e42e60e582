def main(x: Int):
    print(x)
