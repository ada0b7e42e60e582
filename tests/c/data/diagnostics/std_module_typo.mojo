from std.maths import sqrt

def main():
    print(sqrt(2.0))
