def main():
    var x = 3
    var y = 4
    print(y)
