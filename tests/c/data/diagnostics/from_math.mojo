from math import sqrt

def main():
    print(sqrt(2.0))
