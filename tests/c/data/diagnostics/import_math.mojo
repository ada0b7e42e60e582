import math

def main():
    print(math.sqrt(2.0))
