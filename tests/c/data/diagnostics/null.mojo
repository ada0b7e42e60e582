def main():
    var x = null
    print(x)
