def main():
    print(missing)
    var x = 3 $ 4
    var y = "\q"
    print(x)
