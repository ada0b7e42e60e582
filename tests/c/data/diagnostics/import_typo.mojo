from std.math import squareroot

def main():
    print(squareroot(2.0))
